/** Answers from the notes: by the browser's own model where there is one, else the passages that a model would be given. */
import { answerPrompt, builtInModel, type BuiltInModel, type SearchOptions } from "nearmiss";
import type { Answered } from "../state.ts";
import type { Desk } from "./desk.ts";

/** What nobody has begun yet. */
const EMPTY: Answered = { stage: "reading", context: null, text: "", sentences: [] };

export class Answers {
  readonly #desk: Desk;
  #model: BuiltInModel | null = null;
  /** Of the answer that is under way. */
  #answering: AbortController | null = null;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Answers the present question; a newer one takes the place of one under way. Starts no download. */
  async ask(): Promise<void> {
    const { engine, store } = this.#desk;
    const { query } = store.state;
    if (!engine || query === "") return;
    this.#answering?.abort();
    const controller = (this.#answering = new AbortController());
    const { signal } = controller;
    store.update({ answered: EMPTY, problem: null });
    try {
      const model = await this.#builtIn();
      if (signal.aborted) return;
      if (model.available === "available") await this.#write(query, model, signal);
      else {
        const context = await engine.context(query, { ...this.#ranking(), signal });
        if (!signal.aborted) this.#change({ stage: "passages", context });
      }
    } catch (error) {
      if (signal.aborted) return;
      store.update({ answered: null });
      this.#desk.fail("search", error);
    }
  }

  /** What has been written so far stays. */
  stop(): void {
    if (!this.#answering) return;
    this.#answering.abort();
    this.#change({ stage: "stopped" });
  }

  /** Another question: what was answered no longer holds. */
  clear(): void {
    this.#answering?.abort();
    this.#answering = null;
    if (this.#desk.store.state.answered) this.#desk.store.update({ answered: null });
  }

  /** Has the browser fetch its own model, then answers. Only ever called from a click. */
  async download(): Promise<void> {
    const { store } = this.#desk;
    try {
      const fetching = this.#model?.download();
      this.#tell();
      await fetching;
      this.#tell();
      if (store.state.answered?.stage === "passages") await this.ask();
    } catch (error) {
      this.#tell();
      this.#desk.fail("search", error);
    }
  }

  /** The whole prompt, to the clipboard. @returns false where the browser does not allow it */
  async copy(): Promise<boolean> {
    const context = this.#desk.store.state.answered?.context;
    if (!context) return false;
    const { system, user } = answerPrompt(context);
    try {
      await navigator.clipboard.writeText(`${system}\n\n${user}`);
      return true;
    } catch {
      // Not in a secure context, or not allowed by the person.
      return false;
    }
  }

  async #write(query: string, model: BuiltInModel, signal: AbortSignal): Promise<void> {
    const { engine } = this.#desk;
    if (!engine) return;
    for await (const event of engine.answer(query, { ...this.#ranking(), generate: model.generate, signal })) {
      if (signal.aborted) return;
      const text = this.#desk.store.state.answered?.text ?? "";
      if (event.type === "context") this.#change({ stage: "writing", context: event.context });
      else if (event.type === "text") this.#change({ text: text + event.text });
      else this.#change({ stage: "done", text: event.answer, sentences: event.citations });
    }
  }

  /** As the results above were found. */
  #ranking(): Pick<SearchOptions, "mode" | "rerank"> {
    const { mode, closely } = this.#desk.store.state;
    return { mode, ...(closely && { rerank: "maxsim" as const }) };
  }

  async #builtIn(): Promise<BuiltInModel> {
    // Looked up anew while it cannot answer: it may have been downloaded since.
    if (this.#model?.available !== "available" && this.#model?.available !== "downloading") {
      this.#model = await builtInModel({ onProgress: ({ share }) => this.#tell(share) });
    }
    this.#tell();
    return this.#model;
  }

  #tell(share = 0): void {
    if (!this.#model) return;
    const { available, reason } = this.#model;
    this.#desk.store.update({ builtIn: { available, reason, share } });
  }

  #change(change: Partial<Answered>): void {
    const { answered } = this.#desk.store.state;
    if (answered) this.#desk.store.update({ answered: { ...answered, ...change } });
  }
}
