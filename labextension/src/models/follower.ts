/**
 * What a function writes, followed as it writes it.
 */
import type { Requests } from '../api/requests';
import type { ILogEntry } from '../api/types';
import { Watched } from './watched';

const LINES = 200;
const AGAIN = 100;
const MAX_LINES = 2000;
const RECONNECT = 1000;

/** Which lines are wanted; empty: any. */
export interface ILineFilter {
  readonly text: string;
  readonly level: string;
}

/** `following`: each new line is seen at once; `lost`: the connection is tried again soon. */
export type Following = 'connecting' | 'following' | 'lost';

/** One look of it lasts as long as the connection does; then the poll makes another. */
export class Follower extends Watched {
  constructor(
    readonly name: string,
    private readonly requests: Requests,
    asleep?: () => boolean,
    interval: number = RECONNECT
  ) {
    super(`logs:${name}`, interval, asleep);
  }

  /** Oldest first; undefined until they have been asked for. */
  get lines(): readonly ILogEntry[] | undefined {
    return this._lines;
  }

  get following(): Following {
    return this._following;
  }

  /** Whether there may be others before these. */
  get more(): boolean {
    return this._next !== null;
  }

  /** How many lines came too fast to be shown. */
  get missed(): number {
    return this._missed;
  }

  get error(): Error | null {
    return this._error;
  }

  get filter(): ILineFilter {
    return this._filter;
  }

  /** Look for others. */
  set filter(value: ILineFilter) {
    this._filter = value;
    this.again();
  }

  override dispose(): void {
    this._connection.abort();
    super.dispose();
  }

  override async rest(): Promise<void> {
    this._connection.abort();
    await super.rest();
  }

  /** Begin anew, with nothing. */
  again(): void {
    this._lines = undefined;
    this._next = null;
    this._missed = 0;
    this.tell();
    if (this._looking) {
      this._connection.abort(); // and it is made again
    } else if (this.watched) {
      void this.refresh();
    }
  }

  /** Ask for the lines before those that are there. */
  async loadMore(): Promise<void> {
    const [filter, cursor] = [this._filter, this._next];
    if (cursor === null) {
      return;
    }
    try {
      const page = await this.requests.logs(this.name, {
        ...filter,
        limit: LINES,
        cursor
      });
      if (filter === this._filter && cursor === this._next) {
        this._lines = [...page.found, ...(this._lines ?? [])];
        this._next = page.next;
      }
      this._error = null;
    } catch (error) {
      this._error = error as Error;
    }
    this.tell();
  }

  protected override async look(): Promise<void> {
    let connection: AbortController;
    do {
      this._connection.abort();
      connection = this._connection = new AbortController();
      this._looking = true;
      try {
        await this._follow(connection.signal);
      } catch (error) {
        if (!connection.signal.aborted) {
          this._lose(error as Error);
          throw error; // the poll backs off
        }
      }
    } while (
      connection.signal.aborted &&
      connection === this._connection &&
      this.watched
    );
    if (connection === this._connection) {
      this._lose(null);
    }
  }

  private async _follow(signal: AbortSignal): Promise<void> {
    if (this._following !== 'connecting') {
      this._become('connecting');
    }
    if (this._lines === undefined) {
      const page = await this.requests.logs(this.name, { ...this._filter, limit: LINES });
      if (signal.aborted) {
        return;
      }
      this._lines = page.found;
      this._next = page.next;
      this.tell();
    }
    // The last lines are sent again, so that none is lost between two connections.
    const known = new Set(this._lines.map(keyOf));
    const query = { ...this._filter, limit: AGAIN };
    const events = await this.requests.follow(this.name, query, signal);
    this._error = null;
    this._become('following');
    for await (const { name, data } of events) {
      if (signal.aborted) {
        return;
      }
      if (name === 'missed') {
        this._missed += (data as { lines: number }).lines;
      } else if (name === 'log' && !known.has(keyOf(data as ILogEntry))) {
        this._add(data as ILogEntry);
      }
      this._tellSoon();
    }
  }

  private _add(entry: ILogEntry): void {
    const lines = this._lines ?? [];
    this._lines = [...lines.slice(-MAX_LINES + 1), entry];
  }

  /** Many lines may come at once: they are shown together. */
  private _tellSoon(): void {
    this._telling ??= setTimeout(() => {
      this._telling = null;
      if (!this.isDisposed) {
        this.tell();
      }
    }, 50);
  }

  private _lose(error: Error | null): void {
    this._looking = false;
    this._error = error;
    if (!this.isDisposed) {
      this._become('lost');
    }
  }

  private _become(following: Following): void {
    this._following = following;
    this.tell();
  }

  private _lines: readonly ILogEntry[] | undefined;
  private _next: string | null = null;
  private _missed = 0;
  private _filter: ILineFilter = { text: '', level: '' };
  private _following: Following = 'connecting';
  private _error: Error | null = null;
  private _connection = new AbortController();
  private _looking = false;
  private _telling: ReturnType<typeof setTimeout> | null = null;
}

function keyOf(entry: ILogEntry): string {
  return `${entry.invocation} ${entry.time} ${entry.text}`;
}
