import type { IEvent } from '../src/api/events';
import type { Query, Requests } from '../src/api/requests';
import type { ILogEntry, IPage } from '../src/api/types';
import { Follower } from '../src/models/follower';
import { lineOf } from './double';

/** A log that the test writes to, and connections that it ends. */
class LogDouble {
  page: IPage<ILogEntry> = { found: [], next: null };
  readonly asked: string[] = [];
  connections = 0;
  refuse = false;
  private wake: (event: IEvent | null) => void = () => undefined;

  logs(_: string, query: Query): Promise<IPage<ILogEntry>> {
    this.asked.push(`logs ${query['text'] || '*'} ${query['cursor'] ?? ''}`.trim());
    return Promise.resolve(this.page);
  }

  follow(_: string, query: Query, signal: AbortSignal): Promise<AsyncGenerator<IEvent>> {
    this.asked.push(`follow ${query['text'] || '*'}`);
    this.connections += 1;
    return this.refuse
      ? Promise.reject(new Error('refused'))
      : Promise.resolve(this.events(signal));
  }

  write(text: string): void {
    this.wake({ name: 'log', data: lineOf(text) });
  }

  skip(lines: number): void {
    this.wake({ name: 'missed', data: { lines } });
  }

  end(): void {
    this.wake(null);
  }

  private async *events(signal: AbortSignal): AsyncGenerator<IEvent> {
    for (;;) {
      const event = await new Promise<IEvent | null>((resolve, reject) => {
        this.wake = resolve;
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
      if (event === null) {
        return;
      }
      yield event;
    }
  }
}

describe('Follower', () => {
  let log: LogDouble;
  let follower: Follower;
  const texts = (): string[] => (follower.lines ?? []).map(line => line.text);
  const soon = (ms: number = 80): Promise<void> =>
    new Promise(resolve => setTimeout(resolve, ms));

  beforeEach(async () => {
    log = new LogDouble();
    log.page = { found: [lineOf('old')], next: 'before' };
    follower = new Follower('f', log as unknown as Requests, () => false, 10);
    void follower.watch();
    await soon();
  });

  afterEach(() => follower.dispose());

  it('shows what was written, and each line as it is', async () => {
    expect([texts(), follower.following]).toEqual([['old'], 'following']);
    log.write('new');
    await soon();
    expect(texts()).toEqual(['old', 'new']);
    log.skip(7);
    await soon();
    expect(follower.missed).toBe(7);
  });

  it('connects again, and shows no line twice', async () => {
    log.write('first');
    await soon();
    log.end();
    await soon();
    expect([log.connections, follower.following]).toEqual([2, 'following']);
    log.write('first'); // the last lines are sent again
    await soon();
    log.write('second');
    await soon();
    expect(texts()).toEqual(['old', 'first', 'second']);
  });

  it('says that the connection is lost while it is', async () => {
    log.refuse = true;
    log.end();
    await soon(30);
    expect([follower.following, follower.error?.message]).toEqual(['lost', 'refused']);
    expect(texts()).toEqual(['old']);
  });

  it('lets go of the connection while nobody looks', async () => {
    await follower.rest();
    await soon();
    expect(log.connections).toBe(1);
    void follower.watch();
    await soon();
    expect([log.connections, follower.following]).toEqual([2, 'following']);
  });

  it('looks for other lines at once', async () => {
    follower.filter = { text: 'x', level: '' };
    await soon(20);
    follower.filter = { text: 'y', level: '' };
    await soon(20);
    expect(log.asked.slice(2)).toEqual(['logs x', 'follow x', 'logs y', 'follow y']);
  });

  it('goes back', async () => {
    log.page = { found: [lineOf('older')], next: null };
    await follower.loadMore();
    expect([texts(), follower.more]).toEqual([['older', 'old'], false]);
    expect(log.asked.at(-1)).toBe('logs * before');
  });
});
