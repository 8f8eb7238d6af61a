/** Who made a session, as short as a label has to be, and where. */
export interface ShortOrigin {
  /** `cell 4`, `prep.io`, `tf_keras…backend`. */
  readonly label: string;
  /** `prep/io.py:42`; empty for a cell. */
  readonly place: string;
  /** Full name of the module; empty for a cell. */
  readonly module: string;
}

const IN_MODULE = /^([^\s:]+)(?::\S+)? (.+:\d+)$/;

/** Read an origin as the kernel writes it: `cell 4`, `prep.io:load prep/io.py:42`. */
export function shortenOrigin(origin: string): ShortOrigin {
  const [, module, place] = IN_MODULE.exec(origin) ?? [];
  if (module === undefined) {
    return { label: origin, place: '', module: '' };
  }
  const parts = module.split('.');
  return { label: parts.length > 2 ? `${parts[0]}…${parts.at(-1)}` : module, place, module };
}
