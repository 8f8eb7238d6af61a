import * as fs from 'fs';

import { inRoot } from './lab';

/** A module that leaves an InteractiveSession open and forgets two sessions. */
const LEAKY = `import tensorflow as tf

tf1 = tf.compat.v1


def load():
    with tf.Graph().as_default():
        v = tf1.get_variable("v", initializer=[1.0, 2.0])
        session = tf1.InteractiveSession()
    session.run(v.initializer)
    return session


def leak():
    global first, second
    first = tf1.Session(graph=tf.Graph())
    second = tf1.Session(graph=tf.Graph())
`;

/** Write that module where kernels find it as `leaky.io`. */
export function writeLeaky(): void {
  fs.mkdirSync(inRoot('leaky'), { recursive: true });
  fs.writeFileSync(inRoot('leaky/__init__.py'), '');
  fs.writeFileSync(inRoot('leaky/io.py'), LEAKY);
}
