// The socket: it comes back by itself, and what was written meanwhile is sent then. See docs/chat.md.

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15000;
// After these the same chat can go on; after all others somebody has to decide.
const PASSING = new Set(["too_fast", "too_slow", "idle", "try_later"]);
const OVER = new Set(["over", "bad_resume"]);

export class Connection extends EventTarget {
  constructor(url, options) {
    super();
    this.url = url;
    this.options = options;
    this.key = `tandem-chat ${new URL(url).pathname}`;
    const kept = JSON.parse(sessionStorage.getItem(this.key) ?? "{}");
    this.resume = kept.resume;
    // What is not accepted yet, by id, in the order in which it was written.
    this.pending = new Map(kept.pending ?? []);
    // The last answer that is on this page; none: the page is empty.
    this.after = undefined;
    this.maxFrameBytes = 16384;
    this.failures = 0;
    addEventListener("online", () => this.retryNow());
  }

  open() {
    this.stopped = false;
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.welcomed = false;
    socket.addEventListener("open", () => this.say({ type: "hello", ...this.hello() }));
    socket.addEventListener("message", (event) => this.hear(JSON.parse(event.data)));
    socket.addEventListener("close", () => this.lost(socket));
  }

  hello() {
    const { language, contact } = this.options;
    const after = this.resume && this.after !== undefined ? this.after : undefined;
    return { language, contact, resume: this.resume, after };
  }

  // Sends a message, now or when it can be; false if it is too long.
  send(text) {
    const id = randomId();
    const frame = { type: "message", id, text };
    if (new TextEncoder().encode(JSON.stringify(frame)).length > this.maxFrameBytes) {
      return undefined;
    }
    this.pending.set(id, text);
    this.keep();
    if (this.welcomed) {
      this.say(frame);
    }
    return id;
  }

  end() {
    if (this.welcomed) {
      this.say({ type: "end" });
    }
  }

  // Forgets the chat, so that the next one is a new one.
  forget() {
    this.resume = undefined;
    this.after = undefined;
    this.pending.clear();
    sessionStorage.removeItem(this.key);
  }

  say(frame) {
    if (this.socket.readyState === WebSocket.OPEN) {
      this.socket.send(JSON.stringify(frame));
    }
  }

  hear(frame) {
    const hear = {
      welcome: () => this.welcome(frame),
      accepted: () => this.settle(frame.id),
      refused: () => this.refused(frame),
      message: () => this.told(frame),
      ended: () => this.stop(),
      error: () => this.failed(frame),
    }[frame.type];
    hear?.();
    this.dispatchEvent(new CustomEvent(frame.type, { detail: frame }));
  }

  welcome(frame) {
    this.resume = frame.resume;
    this.after = frame.replayed ? 0 : (this.after ?? 0);
    this.maxFrameBytes = frame.max_frame_bytes;
    this.failures = 0;
    this.welcomed = true;
    this.keep();
    for (const [id, text] of this.pending) {
      this.say({ type: "message", id, text });
    }
  }

  told(frame) {
    if (frame.from === "visitor") {
      this.settle(frame.id);
    } else {
      this.after = Math.max(this.after ?? 0, frame.seq);
      this.say({ type: "ack", seq: frame.seq });
    }
  }

  refused(frame) {
    if (frame.code === "try_later") {
      setTimeout(() => this.again(frame.id), 2000);
    } else {
      this.settle(frame.id);
    }
  }

  again(id) {
    const text = this.pending.get(id);
    if (text !== undefined && this.welcomed) {
      this.say({ type: "message", id, text });
    }
  }

  settle(id) {
    this.pending.delete(id);
    this.keep();
  }

  failed(frame) {
    if (PASSING.has(frame.code)) {
      this.failures = Math.max(this.failures, 2);
      return;
    }
    this.stop();
    if (OVER.has(frame.code)) {
      this.forget();
    }
  }

  stop() {
    this.stopped = true;
    this.welcomed = false;
  }

  lost(socket) {
    if (socket !== this.socket) {
      return;
    }
    this.welcomed = false;
    if (this.stopped) {
      return;
    }
    this.dispatchEvent(new CustomEvent("lost"));
    const longest = Math.min(FIRST_PAUSE * 2 ** this.failures, LONGEST_PAUSE);
    this.failures += 1;
    this.timer = setTimeout(() => this.open(), longest * (0.5 + Math.random() / 2));
  }

  retryNow() {
    if (!this.stopped && this.socket?.readyState === WebSocket.CLOSED) {
      clearTimeout(this.timer);
      this.open();
    }
  }

  keep() {
    const kept = { resume: this.resume, pending: [...this.pending] };
    sessionStorage.setItem(this.key, JSON.stringify(kept));
  }
}

// Not `crypto.randomUUID`, which plain http does not have.
function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
