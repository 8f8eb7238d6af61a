/** Calls its listeners every second, with a timer that is there only while there are listeners and they are seen. */
export class Ticker {
  /** Have `listener` called every second, and return what undoes it. */
  subscribe(listener: () => void): () => void {
    this._listeners.add(listener);
    this._update();
    return () => {
      this._listeners.delete(listener);
      this._update();
    };
  }

  /** Whether somebody can see the listeners' output. */
  get isShown(): boolean {
    return this._isShown;
  }

  set isShown(isShown: boolean) {
    this._isShown = isShown;
    if (isShown) {
      this._tick();
    }
    this._update();
  }

  private _tick = (): void => {
    this._listeners.forEach(listener => listener());
  };

  private _update(): void {
    const isWanted = this._isShown && this._listeners.size > 0;
    if (isWanted && this._timer === undefined) {
      this._timer = setInterval(this._tick, 1000);
    } else if (!isWanted && this._timer !== undefined) {
      clearInterval(this._timer);
      this._timer = undefined;
    }
  }

  private _listeners = new Set<() => void>();
  private _timer: ReturnType<typeof setInterval> | undefined;
  private _isShown = false;
}
