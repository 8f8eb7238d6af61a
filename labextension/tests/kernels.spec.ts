import { Signal } from '@lumino/signaling';
import type { Widget } from '@lumino/widgets';

import { ConnectedKernels } from '../src/kernels';
import type { KernelWidget, KernelWidgets } from '../src/kernels';
import { SessionsModel } from '../src/model';
import { trans } from './examples';
import { FakeKernel, settle } from './fake-kernel';

/** A notebook or console with a kernel, as far as it is looked at. */
class FakeWidget {
  constructor(name: string, kernel: FakeKernel | null, language = 'python') {
    this.sessionContext = new FakeContext(name, kernel, language);
  }

  readonly sessionContext: FakeContext;
  readonly disposed = new Signal<this, void>(this);

  /** Change, take away or lose the kernel. */
  setKernel(kernel: FakeKernel | null): void {
    this.sessionContext.session = { kernel };
    this.sessionContext.kernelChanged.emit();
  }

  get widget(): KernelWidget {
    return this as unknown as KernelWidget;
  }
}

class FakeContext {
  constructor(
    public name: string,
    kernel: FakeKernel | null,
    language: string
  ) {
    this.session = { kernel };
    this.specsManager = { specs: { kernelspecs: { python3: { language } } } };
  }

  session: { kernel: FakeKernel | null };
  readonly specsManager: object;
  readonly isDisposed = false;
  readonly kernelDisplayName = 'Python 3';
  kernelDisplayStatus = 'idle';
  readonly kernelChanged = new Signal<this, void>(this);
  readonly statusChanged = new Signal<this, void>(this);
  readonly connectionStatusChanged = new Signal<this, void>(this);
  readonly propertyChanged = new Signal<this, void>(this);
}

describe('ConnectedKernels', () => {
  let model: SessionsModel;
  let kernels: ConnectedKernels;
  let added: Signal<object, KernelWidget>;

  const add = (widget: FakeWidget): FakeWidget => {
    added.emit(widget.widget);
    return widget;
  };
  const titles = (): string[] => model.kernels.map(({ title }) => title);

  beforeEach(() => {
    model = new SessionsModel();
    kernels = new ConnectedKernels(model, trans);
    added = new Signal<object, KernelWidget>({});
    const tracker: KernelWidgets = { widgetAdded: added, forEach: () => {} };
    kernels.follow(tracker);
  });

  afterEach(() => kernels.leave());

  it('lists the kernels of widgets that were there before it and of those that come', () => {
    const first = new FakeWidget('first.ipynb', new FakeKernel({ id: 'k1' }));
    kernels.follow({ widgetAdded: new Signal({}), forEach: callback => callback(first.widget) });
    add(new FakeWidget('second.ipynb', new FakeKernel({ id: 'k2' })));
    expect(titles()).toEqual(['first.ipynb', 'second.ipynb']);
  });

  it('lists a kernel once, however many widgets show it, and connects to it once', async () => {
    const [one, other] = [new FakeKernel(), new FakeKernel()];
    add(new FakeWidget('digits.ipynb', one));
    add(new FakeWidget('Console 1', other));
    await settle();
    expect(titles()).toEqual(['digits.ipynb, Console 1']);
    expect(one.of('comm_open')).toHaveLength(1);
    expect(other.sent).toEqual([]);
  });

  it('goes on over the connection of another widget when the first has gone', async () => {
    const [one, other] = [new FakeKernel(), new FakeKernel()];
    const notebook = add(new FakeWidget('digits.ipynb', one));
    add(new FakeWidget('Console 1', other));
    await settle();
    one.disposed.emit();
    notebook.disposed.emit();
    await settle();
    expect(titles()).toEqual(['Console 1']);
    expect(one.comms.size).toBe(0);
    expect(other.of('comm_open')).toHaveLength(1);
  });

  it('leaves a kernel when its widget has another one or none', async () => {
    const kernel = new FakeKernel();
    const widget = add(new FakeWidget('digits.ipynb', kernel));
    await settle();
    widget.setKernel(new FakeKernel({ id: 'k2' }));
    expect(model.kernels.map(({ id }) => id)).toEqual(['k2']);
    expect(kernel.comms.size).toBe(0);
    widget.setKernel(null);
    expect(model.kernels).toEqual([]);
    expect(kernels.clients).toEqual([]);
  });

  it('follows the name and the state of a kernel', () => {
    const { sessionContext } = add(new FakeWidget('digits.ipynb', new FakeKernel()));
    sessionContext.name = 'renamed.ipynb';
    sessionContext.propertyChanged.emit();
    sessionContext.kernelDisplayStatus = 'busy';
    sessionContext.statusChanged.emit();
    expect(model.kernels).toMatchObject([{ title: 'renamed.ipynb', spec: 'Python 3', status: 'busy' }]);
  });

  it('leaves kernels of other languages alone', () => {
    const kernel = new FakeKernel();
    add(new FakeWidget('digits.ipynb', kernel, 'R'));
    expect(model.kernels).toEqual([]);
    expect(kernel.sent).toEqual([]);
  });

  it('knows the kernel of the widget in front', () => {
    const widget = add(new FakeWidget('digits.ipynb', new FakeKernel()));
    expect(kernels.kernelOf(widget.widget)).toBe('k1');
    expect(kernels.kernelOf({} as Widget)).toBeUndefined();
    expect(kernels.kernelOf(null)).toBeUndefined();
  });

  it('closes every comm and subshell when the page goes', async () => {
    const kernel = new FakeKernel();
    add(new FakeWidget('digits.ipynb', kernel));
    await settle();
    kernels.leave();
    await settle();
    expect(kernel.comms.size).toBe(0);
    expect(kernel.subshells.size).toBe(0);
  });
});
