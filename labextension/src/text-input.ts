import type { Dialog } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';

/** The body of a dialog that has a field, below what it says, each on a line of its own. */
export class TextInput extends Widget implements Dialog.IBodyWidget<string> {
  constructor(says: readonly string[], label: string) {
    super();
    this.addClass('tfsess-TextInput');
    const text = document.createElement('div');
    text.textContent = says.join('\n');
    const field = document.createElement('label');
    this.#input.type = 'text';
    field.append(label, this.#input);
    this.node.append(text, field);
  }

  getValue(): string {
    return this.#input.value.trim();
  }

  readonly #input = document.createElement('input');
}
