import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { SessionsModel } from './model';
import type { SessionOrders } from './orders';
import type { SessionSummary } from './protocol';

export const CommandIDs = {
  show: 'tfsess-magics:show',
  refresh: 'tfsess-magics:refresh',
  stop: 'tfsess-magics:stop',
  reset: 'tfsess-magics:reset',
  close: 'tfsess-magics:close',
  adopt: 'tfsess-magics:adopt',
  closeUnused: 'tfsess-magics:close-unused',
  closeAll: 'tfsess-magics:close-all'
} as const;

interface CommandOptions {
  commands: CommandRegistry;
  model: SessionsModel;
  orders: SessionOrders;
  trans: TranslationBundle;
  /** Show the panel. */
  show: () => void;
  /** Id of the kernel of the notebook or console in front. */
  currentKernel: () => string | undefined;
}

const NO_ARGUMENTS = { args: { type: 'object', properties: {} } };
const SESSION_ARGUMENTS = {
  args: {
    type: 'object',
    properties: {
      kernel: { type: 'string', description: 'Id of the kernel' },
      session: { type: 'integer', description: 'Number of the session in that kernel' }
    },
    required: ['kernel', 'session']
  }
};

/** Add the commands. */
export function addCommands({ commands, model, orders, trans, show, currentKernel }: CommandOptions): void {
  const listed = (args: ReadonlyPartialJSONObject): SessionSummary | undefined =>
    model.kernel(String(args['kernel']))?.sessions.find(session => session.id === args['session']);
  const find = (args: ReadonlyPartialJSONObject): [string, SessionSummary] => {
    const kernel = String(args['kernel']);
    const found = listed(args);
    if (!found) {
      throw new Error(trans.__('no session %1 in kernel %2', String(args['session']), kernel));
    }
    return [kernel, found];
  };
  const add = (id: string, label: string, execute: () => unknown, isEnabled?: () => boolean): void => {
    commands.addCommand(id, { label, describedBy: NO_ARGUMENTS, execute, isEnabled });
  };
  const addOrder = (
    order: 'adopt' | 'stop' | 'reset' | 'close',
    label: CommandRegistry.ICommandOptions['label']
  ): void => {
    const execute = (args: ReadonlyPartialJSONObject): Promise<void> => orders[order](...find(args));
    commands.addCommand(CommandIDs[order], { label, describedBy: SESSION_ARGUMENTS, execute });
  };
  add(CommandIDs.show, trans.__('Show TensorFlow Sessions'), show);
  add(CommandIDs.refresh, trans.__('Refresh TensorFlow Sessions'), () => orders.refresh());
  add(
    CommandIDs.closeAll,
    trans.__('Close All TensorFlow Sessions of the Current Kernel…'),
    () => orders.closeAll(currentKernel() ?? ''),
    () => model.named(currentKernel() ?? '').length > 0
  );
  add(
    CommandIDs.closeUnused,
    trans.__('Close Unused TensorFlow Sessions…'),
    () => orders.closeUnused(),
    () => model.unused().length > 0
  );
  addOrder('adopt', trans.__('Adopt TensorFlow Session…'));
  addOrder('stop', args =>
    listed(args)?.is_stopping ? trans.__('Stop TensorFlow Session Now') : trans.__('Stop TensorFlow Session')
  );
  addOrder('reset', trans.__('Reset TensorFlow Session…'));
  addOrder('close', trans.__('Close TensorFlow Session…'));
}
