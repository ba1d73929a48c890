//! Things under numbers that are handed out one after the other, and are taken out in about that order.

use std::collections::VecDeque;
use std::marker::PhantomData;

use tandem_domain::{OfferId, TicketId};

/// A number that was handed out after all lower ones.
pub(crate) trait Number: Copy {
    fn number(self) -> u64;
    fn of(number: u64) -> Self;
}

impl Number for TicketId {
    fn number(self) -> u64 {
        self.0
    }

    fn of(number: u64) -> Self {
        Self(number)
    }
}

impl Number for OfferId {
    fn number(self) -> u64 {
        self.0
    }

    fn of(number: u64) -> Self {
        Self(number)
    }
}

/// Things by their numbers, found without a search: they lie in pages, of which those without any are given back. What it
/// takes grows with what is in it and, by a pointer for each page, with how far the lowest and the highest number are apart.
#[derive(Clone, Debug)]
pub(crate) struct Numbered<K, V> {
    pages: VecDeque<Option<Box<Page<V>>>>,
    /// Which page is the first one.
    first: u64,
    /// An empty page: where things come and go one by one, the next one needs it at once.
    spare: Option<Box<Page<V>>>,
    numbers: PhantomData<K>,
}

#[derive(Clone, Debug)]
struct Page<V> {
    things: [Option<V>; PAGE],
    used: usize,
}

const PAGE: usize = 64;

impl<V> Page<V> {
    fn empty() -> Self {
        Self {
            things: [const { None }; PAGE],
            used: 0,
        }
    }
}

impl<K, V> Default for Numbered<K, V> {
    fn default() -> Self {
        Self {
            pages: VecDeque::new(),
            first: 0,
            spare: None,
            numbers: PhantomData,
        }
    }
}

/// The page on which a number is, and where on it.
fn place(number: u64) -> (u64, usize) {
    let page = PAGE as u64;
    (
        number / page,
        usize::try_from(number % page).expect("a page has few places"),
    )
}

impl<K: Number, V> Numbered<K, V> {
    fn page(&self, page: u64) -> Option<usize> {
        usize::try_from(page.checked_sub(self.first)?).ok()
    }

    pub(crate) fn get(&self, id: K) -> Option<&V> {
        let (page, at) = place(id.number());
        self.pages.get(self.page(page)?)?.as_ref()?.things[at].as_ref()
    }

    pub(crate) fn get_mut(&mut self, id: K) -> Option<&mut V> {
        let (page, at) = place(id.number());
        let page = self.page(page)?;
        self.pages.get_mut(page)?.as_mut()?.things[at].as_mut()
    }

    /// Puts the thing in; what had this number before is gone.
    pub(crate) fn insert(&mut self, id: K, thing: V) {
        let (page, at) = place(id.number());
        let spare = &mut self.spare;
        let place = Self::reach(&mut self.pages, &mut self.first, page);
        let page = place.get_or_insert_with(|| spare.take().unwrap_or_else(|| Box::new(Page::empty())));
        if page.things[at].replace(thing).is_none() {
            page.used += 1;
        }
    }

    /// The thing of this number; where there is none, this one is put in.
    pub(crate) fn get_or_insert_with(&mut self, id: K, thing: impl FnOnce() -> V) -> &mut V {
        if self.get(id).is_none() {
            self.insert(id, thing());
        }
        self.get_mut(id).expect("it is in, or was just put in")
    }

    /// The place of a page, which may be before or after all there are.
    fn reach<'a>(
        pages: &'a mut VecDeque<Option<Box<Page<V>>>>,
        first: &mut u64,
        page: u64,
    ) -> &'a mut Option<Box<Page<V>>> {
        if pages.is_empty() {
            *first = page;
        }
        while page < *first {
            pages.push_front(None);
            *first -= 1;
        }
        let at = usize::try_from(page - *first).expect("numbers lie close together");
        if at >= pages.len() {
            pages.resize_with(at + 1, || None);
        }
        &mut pages[at]
    }

    pub(crate) fn remove(&mut self, id: K) -> Option<V> {
        let (page, at) = place(id.number());
        let place = self.page(page)?;
        let page = self.pages.get_mut(place)?;
        let slot = page.as_mut()?;
        let thing = slot.things[at].take()?;
        slot.used -= 1;
        if slot.used == 0 {
            self.spare = page.take();
            while self.pages.pop_front_if(|page| page.is_none()).is_some() {
                self.first += 1;
            }
        }
        Some(thing)
    }

    /// All numbers, ascending.
    pub(crate) fn keys(&self) -> Vec<K> {
        self.iter().map(|(id, _)| id).collect()
    }

    /// All things, by their numbers.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, thing)| thing)
    }

    /// All things with their numbers, ascending, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (K, &mut V)> {
        let pages = (self.first..)
            .zip(&mut self.pages)
            .filter_map(|(number, page)| Some((number, page.as_mut()?)));
        pages.flat_map(|(number, page)| {
            let numbers = number * PAGE as u64..;
            let things = numbers.zip(&mut page.things);
            things.filter_map(|(number, thing)| Some((K::of(number), thing.as_mut()?)))
        })
    }

    /// All things with their numbers, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &V)> {
        self.beginning_at(0)
    }

    /// All with higher numbers.
    pub(crate) fn after(&self, id: K) -> impl Iterator<Item = (K, &V)> {
        let (page, _) = place(id.number());
        let things = self.beginning_at(self.page(page).unwrap_or_default());
        things.skip_while(move |(other, _)| other.number() <= id.number())
    }

    /// All from the page on that is in this place.
    fn beginning_at(&self, place: usize) -> impl Iterator<Item = (K, &V)> {
        let pages = (self.first..)
            .zip(&self.pages)
            .skip(place)
            .filter_map(|(number, page)| Some((number, page.as_ref()?)));
        pages.flat_map(|(number, page)| {
            let numbers = number * PAGE as u64..;
            let things = numbers.zip(&page.things);
            things.filter_map(|(number, thing)| Some((K::of(number), thing.as_ref()?)))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_as_a_sorted_map(steps in prop::collection::vec((0..4u8, 0..700u64), 0..400)) {
            let (mut numbered, mut map) = (Numbered::default(), BTreeMap::new());
            for (step, number) in steps {
                let id = TicketId(number);
                if step == 0 {
                    prop_assert_eq!(numbered.remove(id), map.remove(&id));
                } else {
                    numbered.insert(id, number + u64::from(step));
                    map.insert(id, number + u64::from(step));
                }
                prop_assert_eq!(numbered.get(id), map.get(&id));
                prop_assert_eq!(numbered.get_mut(id), map.get_mut(&id));
            }
            prop_assert_eq!(numbered.keys(), map.keys().copied().collect::<Vec<_>>());
            prop_assert!(numbered.values().eq(map.values()));
            for after in [0, 1, 63, 64, 350, 700, u64::MAX] {
                let higher = map.range(TicketId(after)..).skip_while(|(id, _)| id.0 == after);
                prop_assert!(numbered.after(TicketId(after)).map(|(id, _)| id).eq(higher.map(|(id, _)| *id)));
            }
        }
    }

    #[test]
    fn pages_without_anything_are_given_back() {
        let mut numbered = Numbered::default();
        for number in 1..=10_000 {
            numbered.insert(OfferId(number), number);
        }
        for number in 1..=9_990 {
            assert_eq!(numbered.remove(OfferId(number)), Some(number));
        }
        assert_eq!(numbered.pages.len(), 1);
        assert_eq!(numbered.get(OfferId(5)), None);
        assert_eq!(numbered.get(OfferId(u64::MAX)), None);
    }
}
