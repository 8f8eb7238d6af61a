import type { Page } from '@playwright/test';

/** A message that a page sent to a kernel. */
export interface SentMessage {
  channel: string;
  type: string;
  content: Record<string, unknown>;
}

/** Record what a page sends to kernels, from now on and over every connection. */
export function recordSent(page: Page): SentMessage[] {
  const sent: SentMessage[] = [];
  page.on('websocket', socket => {
    if (socket.url().includes('/api/kernels/')) {
      socket.on('framesent', ({ payload }) => sent.push(decode(payload)));
    }
  });
  return sent;
}

/** Read a message in the server's binary form: the offsets of its parts, and then the parts. */
function decode(payload: string | Buffer): SentMessage {
  const bytes = Buffer.from(payload);
  if (typeof payload === 'string') {
    const { channel, header, content } = JSON.parse(payload);
    return { channel, type: header.msg_type, content };
  }
  const count = Number(bytes.readBigUInt64LE(0));
  const offsets = Array.from({ length: count }, (_, index) => Number(bytes.readBigUInt64LE(8 * (index + 1))));
  const [channel, header, , , content] = offsets.map((start, index) =>
    bytes.toString('utf8', start, offsets[index + 1])
  );
  return { channel, type: JSON.parse(header).msg_type, content: JSON.parse(content) };
}
