/** Calls its listeners every second, with a timer that is there only while there are listeners and they are seen. */
export class Ticker {
  /** Have `listener` called every second, and return what undoes it. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    this.#update();
    return () => {
      this.#listeners.delete(listener);
      this.#update();
    };
  }

  /** True while the user can see the listeners' output. */
  get isShown(): boolean {
    return this.#isShown;
  }

  set isShown(isShown: boolean) {
    if (isShown === this.#isShown) {
      return;
    }
    this.#isShown = isShown;
    if (isShown) {
      this.#tick();
    }
    this.#update();
  }

  #tick = (): void => {
    this.#listeners.forEach(listener => listener());
  };

  #update(): void {
    const isWanted = this.#isShown && this.#listeners.size > 0;
    if (isWanted && this.#timer === undefined) {
      this.#timer = setInterval(this.#tick, 1000);
    } else if (!isWanted && this.#timer !== undefined) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #listeners = new Set<() => void>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #isShown = false;
}
