/**
 * A function's calls: the newest ones, which come by themselves, and as many before them as are asked for.
 */
import type { Requests } from '../api/requests';
import type { IInvocation } from '../api/types';
import { Watched } from './watched';

const CALLS = 50;

/** Which calls are wanted; empty: any. */
export interface ICallFilter {
  /** A status, or a class of them: `5xx`. */
  readonly status: string;
  /** The code of an error. */
  readonly code: string;
  readonly version: string;
  /** How long ago at most: `1h`. */
  readonly since: string;
  /** How long they ran at least: `200ms`. */
  readonly min_duration: string;
}

export const ANY_CALL: ICallFilter = {
  status: '',
  code: '',
  version: '',
  since: '',
  min_duration: ''
};

export class CallHistory extends Watched {
  constructor(
    readonly name: string,
    private readonly requests: Requests,
    interval: number,
    asleep?: () => boolean
  ) {
    super(`calls:${name}`, interval, asleep);
  }

  /** Newest first; undefined until they have been asked for. */
  get calls(): readonly IInvocation[] | undefined {
    return this._calls;
  }

  /** Whether there may be others before these. */
  get more(): boolean {
    return this._next !== null;
  }

  /** Whether those before are being asked for. */
  get loading(): boolean {
    return this._loading;
  }

  get error(): Error | null {
    return this._error;
  }

  get filter(): ICallFilter {
    return this._filter;
  }

  /** Look for others. */
  set filter(value: ICallFilter) {
    this._filter = value;
    this._calls = undefined;
    this._next = null;
    this.tell();
    void this.refresh();
  }

  /** The call whose details are shown; null: none. */
  get opened(): string | null {
    return this._opened;
  }

  set opened(id: string | null) {
    this._opened = id;
    this.tell();
  }

  /** Ask for those before the ones that are there. */
  async loadMore(): Promise<void> {
    const [filter, cursor] = [this._filter, this._next];
    if (cursor === null || this._loading) {
      return;
    }
    this._loading = true;
    this.tell();
    try {
      const page = await this.requests.invocations(this.name, {
        ...filter,
        limit: CALLS,
        cursor
      });
      if (filter === this._filter && cursor === this._next) {
        this._calls = [...(this._calls ?? []), ...page.found];
        this._next = page.next;
      }
      this._error = null;
    } catch (error) {
      this._error = error as Error;
    } finally {
      this._loading = false;
      this.tell();
    }
  }

  protected override async look(): Promise<void> {
    const filter = this._filter;
    try {
      const page = await this.requests.invocations(this.name, {
        ...filter,
        limit: CALLS
      });
      if (filter !== this._filter) {
        return await this.look(); // somebody wants others by now
      }
      this._error = null;
      const known = this._calls ?? [];
      const met = page.found.findIndex(call => call.id === known[0]?.id);
      if (known.length && met >= 0) {
        this._calls = [...page.found.slice(0, met), ...known];
      } else {
        this._calls = page.found;
        this._next = page.next;
      }
    } catch (error) {
      this._error = error as Error;
      throw error;
    } finally {
      this.tell();
    }
  }

  private _calls: readonly IInvocation[] | undefined;
  private _next: string | null = null;
  private _loading = false;
  private _error: Error | null = null;
  private _filter = ANY_CALL;
  private _opened: string | null = null;
}
