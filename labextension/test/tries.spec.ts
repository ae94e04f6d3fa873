import { type Outcome, Tries } from '../src/models/tries';
import { requests, RequestsDouble, ResponseDouble } from './double';

function streamOf(...pieces: string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      pieces.forEach(piece => controller.enqueue(new TextEncoder().encode(piece)));
      controller.close();
    }
  });
}

describe('Tries', () => {
  const double = new RequestsDouble();

  async function outcomeOf(answer: ResponseDouble): Promise<Outcome | null | undefined> {
    double.answer = () => Promise.resolve(answer);
    const tries = new Tries('f', requests(double));
    await tries.run({ x: 1 }, '*/*');
    expect(tries.running).toBe(false);
    expect(tries.current?.invocation).toBe('i-1');
    return tries.current?.outcome;
  }

  it.each<[string, ResponseDouble, Partial<Outcome>]>([
    ['JSON', new ResponseDouble('{"a": 1}'), { kind: 'json', value: { a: 1 } }],
    ['None', new ResponseDouble('null'), { kind: 'nothing' }],
    ['no content', new ResponseDouble('', 204), { kind: 'nothing' }],
    [
      'text',
      new ResponseDouble('a,b', 200, 'text/csv'),
      { kind: 'text', text: 'a,b', type: 'text/csv' }
    ],
    [
      'an error',
      new ResponseDouble('{"code": "timeout"}', 504, 'application/problem+json'),
      { kind: 'problem', problem: { code: 'timeout' } }
    ],
    [
      "a proxy's error",
      new ResponseDouble('Bad gateway', 502, 'text/html'),
      { kind: 'problem', problem: { status: 502, detail: 'Bad gateway' } }
    ]
  ])('reads %s', async (_, answer, outcome) => {
    expect(await outcomeOf(answer)).toEqual(outcome);
  });

  it('reads a stream, wherever its pieces begin and end', async () => {
    const pieces = streamOf('{"a"', ': 1}\n"two', '"\n3\n');
    const answer = new ResponseDouble('', 200, 'application/x-ndjson', pieces);
    expect(await outcomeOf(answer)).toEqual({
      kind: 'lines',
      lines: [{ a: 1 }, 'two', 3],
      ended: true
    });
  });

  it('can be stopped', async () => {
    double.answer = signal =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(new Error('aborted')));
      });
    const tries = new Tries('f', requests(double));
    const running = tries.run({}, '*/*');
    expect(tries.running).toBe(true);
    tries.stop();
    await running;
    expect(tries.current?.outcome).toEqual({ kind: 'failed', message: 'Stopped.' });
    expect(tries.running).toBe(false);
  });

  it('keeps earlier tries, a bounded number of them', async () => {
    double.answer = () => Promise.resolve(new ResponseDouble('1'));
    const tries = new Tries('f', requests(double));
    for (let x = 0; x < 30; x += 1) {
      await tries.run({ x }, '*/*');
    }
    expect(tries.all).toHaveLength(20);
    expect(tries.all[0]?.given).toEqual({ x: 29 });
  });
});
