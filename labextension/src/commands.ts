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
  const find = (args: ReadonlyPartialJSONObject): [string, SessionSummary] => {
    const kernel = String(args['kernel']);
    const found = model.kernel(kernel)?.sessions.find(session => session.id === args['session']);
    if (!found) {
      throw new Error(trans.__('no session %1 in kernel %2', String(args['session']), kernel));
    }
    return [kernel, found];
  };
  commands.addCommand(CommandIDs.show, {
    label: trans.__('Show TensorFlow Sessions'),
    describedBy: NO_ARGUMENTS,
    execute: show
  });
  commands.addCommand(CommandIDs.refresh, {
    label: trans.__('Refresh TensorFlow Sessions'),
    describedBy: NO_ARGUMENTS,
    execute: () => orders.refresh()
  });
  commands.addCommand(CommandIDs.closeAll, {
    label: trans.__('Close All TensorFlow Sessions of the Current Kernel…'),
    describedBy: NO_ARGUMENTS,
    isEnabled: () => model.named(currentKernel() ?? '').length > 0,
    execute: () => orders.closeAll(currentKernel() ?? '')
  });
  commands.addCommand(CommandIDs.closeUnused, {
    label: trans.__('Close Unused TensorFlow Sessions…'),
    describedBy: NO_ARGUMENTS,
    isEnabled: () => model.unused().length > 0,
    execute: () => orders.closeUnused()
  });
  commands.addCommand(CommandIDs.adopt, {
    label: trans.__('Adopt TensorFlow Session…'),
    describedBy: SESSION_ARGUMENTS,
    execute: args => orders.adopt(...find(args))
  });
  commands.addCommand(CommandIDs.stop, {
    label: trans.__('Stop TensorFlow Session'),
    describedBy: SESSION_ARGUMENTS,
    execute: args => orders.stop(...find(args))
  });
  commands.addCommand(CommandIDs.reset, {
    label: trans.__('Reset TensorFlow Session…'),
    describedBy: SESSION_ARGUMENTS,
    execute: args => orders.reset(...find(args))
  });
  commands.addCommand(CommandIDs.close, {
    label: trans.__('Close TensorFlow Session…'),
    describedBy: SESSION_ARGUMENTS,
    execute: args => orders.close(...find(args))
  });
}
