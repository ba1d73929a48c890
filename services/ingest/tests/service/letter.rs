//! Mails as customers and machines write them.

/// A mail to one address, or more.
#[derive(Clone)]
pub(crate) struct Letter {
    /// The envelope's return path; empty: `<>`.
    pub(crate) return_path: String,
    pub(crate) to: Vec<String>,
    from: String,
    fields: Vec<String>,
    text: String,
}

/// The customer who writes in most tests.
pub(crate) const ANN: &str = "ann@customer.example";

impl Letter {
    /// A letter in German from Ann to `help@acme.example`, with this Message-ID.
    pub(crate) fn new(id: &str) -> Self {
        Self {
            return_path: ANN.to_owned(),
            to: vec!["help@acme.example".to_owned()],
            from: ANN.to_owned(),
            fields: vec![
                format!("Message-ID: <{id}>"),
                "Date: Tue, 1 Sep 2026 10:00:00 +0200".to_owned(),
            ],
            text: "Guten Tag, meine Bestellung ist leider noch nicht angekommen. Wo bleibt das Paket?".to_owned(),
        }
    }

    pub(crate) fn from(self, from: &str) -> Self {
        let from = from.to_owned();
        Self {
            return_path: from.clone(),
            from,
            ..self
        }
    }

    pub(crate) fn to(self, to: &[&str]) -> Self {
        let to = to.iter().map(|&to| to.to_owned()).collect();
        Self { to, ..self }
    }

    /// Sent as bounces and automatic mails are: nobody is to answer.
    pub(crate) fn unanswerable(self) -> Self {
        Self {
            return_path: String::new(),
            ..self
        }
    }

    pub(crate) fn field(mut self, field: &str) -> Self {
        self.fields.push(field.to_owned());
        self
    }

    /// An answer to the mail with this Message-ID.
    pub(crate) fn answers(self, id: &str) -> Self {
        self.field(&format!("In-Reply-To: <{id}>"))
            .field(&format!("References: <{id}>"))
    }

    pub(crate) fn says(self, text: &str) -> Self {
        Self {
            text: text.to_owned(),
            ..self
        }
    }

    /// As it is sent, brought by this host.
    pub(crate) fn raw_by(&self, host: &str) -> String {
        let Self { from, fields, text, .. } = self;
        let fields = fields.join("\r\n");
        format!("Received: by {host}\r\nFrom: {from}\r\n{fields}\r\n\r\n{text}\r\n")
    }
}
