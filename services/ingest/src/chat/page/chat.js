// The page: shows what the connection hears. All words are put in as text, never as markup.

import { Connection } from "./connection.js";
import { texts } from "./texts.js";

const at = (id) => document.getElementById(id);
const [, , desk, account] = location.pathname.split("/");
const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const connection = new Connection(`${scheme}//${location.host}/chat/v1/${desk}/${account}`, {
  language: document.documentElement.lang,
  contact: contactToken(),
});
let agent = "";
let typingTimer;

// The site that shows this page may say who the visitor is, behind the `#`, which no server gets to see.
function contactToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get("contact");
  if (token) {
    history.replaceState(null, "", location.pathname + location.search);
  }
  return token ?? undefined;
}

function translate() {
  for (const element of document.querySelectorAll("[data-text]")) {
    element.textContent = texts[element.dataset.text];
  }
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", texts[element.dataset.label]);
  }
}

function line(kind, who, text) {
  const item = document.createElement("li");
  item.className = kind;
  if (who) {
    const name = document.createElement("span");
    name.className = "who";
    name.textContent = `${who}: `;
    item.append(name);
  }
  const words = document.createElement("span");
  words.className = "words";
  words.textContent = text;
  item.append(words);
  at("messages").append(item);
  at("log").scrollTop = at("log").scrollHeight;
  return item;
}

function own(id, text) {
  const item = line("own", texts.you, text);
  item.dataset.id = id;
  mark(item, texts.sending);
}

function mark(item, text) {
  item.querySelector(".mark")?.remove();
  if (text) {
    const note = document.createElement("span");
    note.className = "mark";
    note.textContent = ` (${text})`;
    item.append(note);
  }
}

const shown = (id) => document.querySelector(`[data-id="${CSS.escape(id)}"]`);

function message(frame) {
  const existing = shown(frame.id);
  if (existing) {
    mark(existing);
    return;
  }
  const isOwn = frame.from === "visitor";
  const item = line(isOwn ? "own" : "theirs", isOwn ? texts.you : frame.agent || texts.desk, frame.text);
  item.dataset.id = frame.id;
  const time = document.createElement("time");
  time.dateTime = frame.at;
  time.textContent = new Date(frame.at).toLocaleTimeString(document.documentElement.lang, { timeStyle: "short" });
  item.append(" ", time);
  if (!isOwn) {
    typing(false);
  }
}

function status(frame) {
  if (frame.state !== "with_agent") {
    agent = "";
  }
  const waits = [texts.unservable[frame.unservable] ?? texts.waiting];
  if (frame.position) {
    waits.push(texts.position(frame.position));
  }
  if (frame.estimated_wait_seconds !== undefined) {
    waits.push(texts.wait(Math.ceil(frame.estimated_wait_seconds / 60)));
  }
  const said = { open: texts.open, waiting: waits.join(" "), with_agent: texts.withAgent(agent) };
  at("status").textContent = said[frame.state];
}

function typing(is) {
  clearTimeout(typingTimer);
  at("typing").textContent = is ? texts.typing(agent) : "";
  if (is) {
    typingTimer = setTimeout(() => typing(false), 15000);
  }
}

function welcome(frame) {
  at("trouble").textContent = "";
  at("name").textContent = frame.name;
  document.title = texts.title(frame.name);
  if (frame.replayed) {
    at("messages").replaceChildren();
  }
  for (const [id, text] of connection.pending) {
    if (!shown(id)) {
      own(id, text);
    }
  }
  at("end").hidden = false;
}

function over(text) {
  connection.forget();
  typing(false);
  at("status").textContent = "";
  at("form").hidden = true;
  at("end").hidden = true;
  at("over-text").textContent = text;
  at("over").hidden = false;
  at("again").focus();
}

function again() {
  agent = "";
  at("messages").replaceChildren();
  at("over").hidden = true;
  at("form").hidden = false;
  at("text").focus();
  start();
}

function submit(event) {
  event.preventDefault();
  const text = at("text").value;
  if (!text.trim()) {
    return;
  }
  const id = connection.send(text);
  if (id === undefined) {
    at("trouble").textContent = texts.tooLong;
    return;
  }
  if (connection.welcomed) {
    at("trouble").textContent = "";
  }
  at("text").value = "";
  own(id, text);
  at("text").focus();
}

function start() {
  at("status").textContent = texts.connecting;
  connection.open();
}

const heard = {
  welcome,
  message,
  status,
  accepted: (frame) => shown(frame.id) && mark(shown(frame.id)),
  refused: (frame) => frame.code === "invalid" && shown(frame.id) && mark(shown(frame.id), texts.refused),
  typing: (frame) => typing(frame.typing),
  // Said again after each connection: that is no news.
  joined: (frame) => {
    if (frame.agent !== agent) {
      agent = frame.agent;
      line("event", "", texts.joined(agent));
    }
  },
  left: (frame) => {
    line("event", "", texts.left(frame.agent));
    agent = "";
  },
  ended: (frame) => over(texts.ended[frame.by]),
  error: (frame) => {
    if (frame.code === "over" || frame.code === "bad_resume") {
      over(texts.ended.timeout);
    } else if (connection.stopped) {
      over(texts.problem);
    }
  },
};
for (const [type, hear] of Object.entries(heard)) {
  connection.addEventListener(type, (event) => hear(event.detail));
}
connection.addEventListener("lost", () => {
  at("trouble").textContent = texts.lost;
  typing(false);
});
at("form").addEventListener("submit", submit);
at("end").addEventListener("click", () => connection.end());
at("again").addEventListener("click", again);
at("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    submit(event);
  }
});
translate();
start();
at("text").focus();
