import type * as React from 'react';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import type { Root } from 'react-dom/client';

import type { PanelActions } from '../src/components/context';
import { PanelProvider } from '../src/components/context';
import { createElement } from '../src/components/element';
import { Ticker } from '../src/components/ticker';
import type { SessionDetails, SessionSummary } from '../src/protocol';
import { details, trans } from './examples';

// React's `act` wants to be told that it is wanted; JupyterLab's dialogs go without.
Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

/** What was asked of the panel's actions. */
export class NotedActions implements PanelActions {
  readonly noted: string[] = [];
  /** Answers to `describe` that are still to come. */
  readonly questions: { answer(details: SessionDetails): void; fail(error: Error): void }[] = [];

  refresh(): void {
    this.noted.push('refresh');
  }

  reset(kernel: string, { id, generation }: { id: number; generation: number }): void {
    this.noted.push(`reset ${kernel} ${id} ${generation}`);
  }

  close(kernel: string, { id, generation }: { id: number; generation: number }): void {
    this.noted.push(`close ${kernel} ${id} ${generation}`);
  }

  stop(kernel: string, { id, generation, is_stopping: isStopping }: SessionSummary): void {
    this.noted.push(`stop ${kernel} ${id} ${generation}${isStopping ? ' now' : ''}`);
  }

  adopt(kernel: string, { id, generation }: { id: number; generation: number }): void {
    this.noted.push(`adopt ${kernel} ${id} ${generation}`);
  }

  closeUnused(): void {
    this.noted.push('close unused');
  }

  dismiss(kernel: string, session: number): void {
    this.noted.push(`dismiss ${kernel} ${session}`);
  }

  load(kernel: string): void {
    this.noted.push(`load ${kernel}`);
  }

  describe(kernel: string, session: number): Promise<SessionDetails> {
    this.noted.push(`describe ${kernel} ${session}`);
    return new Promise((resolve, reject) => this.questions.push({ answer: resolve, fail: reject }));
  }

  /** Answer the question that was asked last. */
  async answer(changes: Partial<SessionDetails> = {}): Promise<void> {
    await act(async () => this.questions.at(-1)!.answer(details(changes)));
  }
}

/** Elements in a page, as the panel shows them. */
export class Rendered {
  constructor() {
    document.body.append(this.node);
    this._root = createRoot(this.node);
    this.ticker.isShown = true;
  }

  readonly node = document.createElement('div');
  readonly actions = new NotedActions();
  readonly ticker = new Ticker();

  show(element: React.ReactElement): void {
    const services = { trans, actions: this.actions, ticker: this.ticker };
    act(() => this._root.render(<PanelProvider value={services}>{element}</PanelProvider>));
  }

  /** What can be read. */
  get text(): string {
    return this.node.textContent ?? '';
  }

  find(selector: string): HTMLElement {
    const found = this.node.querySelector<HTMLElement>(selector);
    if (!found) {
      throw new Error(`no ${selector} in ${this.node.innerHTML}`);
    }
    return found;
  }

  click(selector: string): void {
    act(() => this.find(selector).click());
  }

  /** Type over a text, or choose. */
  enter(selector: string, value: string): void {
    const field = this.find(selector) as HTMLInputElement | HTMLSelectElement;
    const [type, prototype] =
      field instanceof HTMLInputElement
        ? ['input', HTMLInputElement.prototype]
        : ['change', HTMLSelectElement.prototype];
    // React takes no notice of a value that is set on the element itself.
    Object.getOwnPropertyDescriptor(prototype, 'value')!.set!.call(field, value);
    act(() => void field.dispatchEvent(new Event(type as string, { bubbles: true })));
  }

  press(selector: string, key: string): void {
    const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true });
    act(() => void this.find(selector).dispatchEvent(event));
  }

  dispose(): void {
    act(() => this._root.unmount());
    this.node.remove();
  }

  private readonly _root: Root;
}
