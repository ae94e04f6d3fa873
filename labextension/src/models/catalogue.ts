/**
 * The functions that there are, kept up to date while somebody looks.
 */
import { ProblemError, type Requests, ServerError } from '../api/requests';
import type { IGatewayState, IProblem, ISummary } from '../api/types';
import { Watched } from './watched';

/** The orders of the list; each but the first has the largest first. */
export const SORT_KEYS = ['name', 'published', 'calls', 'errors', 'p99'] as const;

export type SortKey = (typeof SORT_KEYS)[number];

/** What the panel shows at its top: all is well, or what isn't and what helps. */
export type Condition =
  | { readonly kind: 'loading' }
  | { readonly kind: 'running'; readonly url: string | null }
  | { readonly kind: 'stopped'; readonly startable: boolean; readonly problem?: IProblem }
  | { readonly kind: 'starting' }
  | { readonly kind: 'outdated' }
  | { readonly kind: 'unreachable'; readonly missing: boolean };

/** The catalogue as the panel needs it. */
export class Catalogue extends Watched {
  constructor(
    readonly requests: Requests,
    interval: number = 5000
  ) {
    super('catalogue', interval);
  }

  get condition(): Condition {
    return this._condition;
  }

  get filter(): string {
    return this._filter;
  }

  set filter(value: string) {
    this._filter = value;
    this.tell();
  }

  get sort(): SortKey {
    return this._sort;
  }

  set sort(value: SortKey) {
    this._sort = value;
    this.tell();
  }

  /** How many there are, whatever the filter. */
  get total(): number {
    return this._functions.length;
  }

  /** Those that the filter leaves, in order. */
  get shown(): readonly ISummary[] {
    const wanted = this._filter.trim().toLowerCase();
    const found = this._functions.filter(one => matches(one, wanted));
    const weight = WEIGHTS[this._sort];
    return weight ? [...found].sort((a, b) => weight(b) - weight(a)) : found;
  }

  get(name: string): ISummary | undefined {
    return this._functions.find(one => one.name === name);
  }

  /** Start a gateway; `condition` tells of the outcome. */
  async startGateway(): Promise<void> {
    this._become({ kind: 'starting' });
    try {
      this._become(conditionOf(await this.requests.start()));
    } catch (error) {
      this._become(conditionOfError(error));
    }
    await this.refresh();
  }

  /** Delete a function. */
  async remove(name: string): Promise<void> {
    await this.requests.remove(name);
    await this.refresh();
  }

  protected override async look(): Promise<void> {
    try {
      this._functions = await this.requests.overview();
      this._become({ kind: 'running', url: null });
    } catch (error) {
      if (this._condition.kind === 'starting') {
        return;
      }
      this._become(await this._whatIsWrong(error));
      throw error; // the poll backs off
    }
  }

  private async _whatIsWrong(error: unknown): Promise<Condition> {
    if (!(error instanceof ProblemError) || error.code !== 'gateway-unavailable') {
      return conditionOfError(error);
    }
    try {
      return conditionOf(await this.requests.state());
    } catch (second) {
      return conditionOfError(second);
    }
  }

  private _become(condition: Condition): void {
    this._condition = condition;
    this.tell();
  }

  private _condition: Condition = { kind: 'loading' };
  private _functions: readonly ISummary[] = [];
  private _filter = '';
  private _sort: SortKey = 'name';
}

const WEIGHTS: { [key in SortKey]: ((one: ISummary) => number) | null } = {
  name: null, // as they come
  published: one => (one.published ? Date.parse(one.published) : Infinity),
  calls: one => one.hour?.calls ?? 0,
  errors: one => one.hour?.errors ?? 0,
  p99: one => one.hour?.p99_ms ?? 0
};

/** Whether `wanted` is in what the list shows of a function; its state is one of the words. */
function matches(one: ISummary, wanted: string): boolean {
  const words = [
    one.name,
    one.summary,
    one.state,
    one.notebook,
    ...Object.keys(one.aliases)
  ];
  return words.some(word => word?.toLowerCase().includes(wanted));
}

function conditionOf(state: IGatewayState): Condition {
  return state.state === 'running'
    ? { kind: 'running', url: state.url }
    : { kind: 'stopped', startable: state.startable, problem: state.problem };
}

function conditionOfError(error: unknown): Condition {
  if (error instanceof ProblemError) {
    if (error.code === 'not-found') {
      return { kind: 'outdated' }; // an older gateway, which doesn't know the question
    }
    return { kind: 'stopped', startable: false, problem: error.problem };
  }
  return { kind: 'unreachable', missing: error instanceof ServerError && error.missing };
}
