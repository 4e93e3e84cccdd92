// Server-Sent Events read from a fetch. EventSource would not tell why a server refuses, nor notice a connection that went silent.

export interface Message {
  event: string;
  data: string;
}

/** Turns the text of an event stream, in pieces cut anywhere, into messages. */
export class SseParser {
  #rest = "";
  #event = "";
  #data: string[] = [];

  push(text: string): Message[] {
    const found: Message[] = [];
    const all = this.#rest + text;
    let start = 0;
    for (let end = all.indexOf("\n"); end >= 0; end = all.indexOf("\n", start)) {
      const line = all.slice(start, all[end - 1] === "\r" && end > start ? end - 1 : end);
      start = end + 1;
      if (line !== "") this.#field(line);
      else if (this.#data.length > 0) {
        found.push({ event: this.#event || "message", data: this.#data.join("\n") });
        this.#event = "";
        this.#data = [];
      }
    }
    this.#rest = all.slice(start);
    return found;
  }

  #field(line: string) {
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "event") this.#event = value;
    else if (name === "data") this.#data.push(value);
  }
}
