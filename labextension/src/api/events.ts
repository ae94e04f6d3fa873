/**
 * Server-sent events of an answer (https://html.spec.whatwg.org/multipage/server-sent-events.html).
 *
 * Not the browser's `EventSource`, which sends no headers: Jupyter's token is one.
 */

export interface IEvent {
  readonly name: string;
  readonly data: unknown;
}

/** The events, as they come; comments, which keep the connection up, are none. */
export async function* eventsOf(response: Response): AsyncGenerator<IEvent> {
  if (response.body === null) {
    return;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let left = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      const blocks = (left + value).split('\n\n');
      left = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = eventIn(block);
        if (event) {
          yield event;
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function eventIn(block: string): IEvent | null {
  let name = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    if (line.startsWith('event: ')) {
      name = line.slice('event: '.length);
    } else if (line.startsWith('data: ')) {
      data.push(line.slice('data: '.length));
    }
  }
  return data.length ? { name, data: JSON.parse(data.join('\n')) as unknown } : null;
}
