/**
 * The extension's routes of the Jupyter server, which relays them to the gateway.
 */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { JSONObject } from '@lumino/coreutils';

import { eventsOf, type IEvent } from './events';
import type {
  IActivity,
  IAdvice,
  IAliases,
  ICall,
  IDeletion,
  IDifferences,
  IErrorGroup,
  IForm,
  IFunction,
  IGatewayState,
  IInvocation,
  ILogEntry,
  IPage,
  IProblem,
  ISummary,
  IVersions,
  Shares
} from './types';

/** Parameters of a request; those without a value are left out. */
export type Query = { readonly [name: string]: string | number | undefined };

const PREFIX = 'jupyter-faas';

/** The server or the gateway refused: a sentence for a person, and the problem it stands in. */
export class ProblemError extends Error {
  constructor(readonly problem: IProblem) {
    super(problem.detail ?? problem.title ?? 'Something went wrong.');
    this.name = 'ProblemError';
  }

  /** The error's code, as in docs/errors.md. */
  get code(): string {
    return this.problem.code ?? '';
  }
}

/** The Jupyter server doesn't know the extension's routes, or doesn't answer at all. */
export class ServerError extends Error {
  constructor(readonly missing: boolean) {
    super(
      missing
        ? 'The Jupyter server does not have the jupyter-faas extension.'
        : 'The Jupyter server does not answer.'
    );
    this.name = 'ServerError';
  }
}

/** Asks the Jupyter server. Every method rejects with a `ProblemError` or a `ServerError`. */
export class Requests {
  constructor(
    private readonly settings: ServerConnection.ISettings = ServerConnection.makeSettings()
  ) {}

  /** Whether a gateway runs. */
  state(): Promise<IGatewayState> {
    return this.json('GET', 'gateway');
  }

  /** Start a gateway, unless one runs. */
  start(): Promise<IGatewayState> {
    return this.json('POST', 'gateway');
  }

  /** One function. */
  function(name: string): Promise<IFunction> {
    return this.json('GET', of(name));
  }

  /** All functions at a glance. */
  async overview(): Promise<ISummary[]> {
    return (await this.json<{ functions: ISummary[] }>('GET', 'api/v1/overview'))
      .functions;
  }

  /** The last hour of a function. */
  activity(name: string): Promise<IActivity> {
    return this.json('GET', of(name, 'activity'));
  }

  /** What deleting a function would take away. */
  deletion(name: string): Promise<IDeletion> {
    return this.json('GET', of(name, 'deletion'));
  }

  /** Delete a function with all its versions. */
  async remove(name: string): Promise<void> {
    await this.json('DELETE', of(name));
  }

  /** A function's versions with numbers less than `below`, newest first. */
  versions(name: string, below?: number): Promise<IVersions> {
    return this.json('GET', of(name, 'versions', { below }));
  }

  /** What is new in a version, since another or the one before. */
  differences(name: string, version: number, since?: number): Promise<IDifferences> {
    return this.json('GET', of(name, `versions/${version}/changes`, { since }));
  }

  /** Where a function's aliases lead, and when they were moved. */
  aliases(name: string): Promise<IAliases> {
    return this.json('GET', of(name, 'aliases'));
  }

  /** Have an alias lead to versions, each with its share in percent. */
  async moveAlias(name: string, alias: string, versions: Shares): Promise<void> {
    await this.json('PUT', of(name, `aliases/${encodeURIComponent(alias)}`), {
      versions
    });
  }

  /** Forget an alias. */
  async removeAlias(name: string, alias: string): Promise<void> {
    await this.json('DELETE', of(name, `aliases/${encodeURIComponent(alias)}`));
  }

  /** Move `latest` from version `from` to another, or back to the one that last served well. */
  async rollBack(name: string, from: number, to?: number): Promise<void> {
    const body: JSONObject = to === undefined ? { from } : { from, to };
    await this.json('POST', of(name, 'rollback'), body);
  }

  /** A function's errors in groups. */
  async errors(name: string): Promise<IErrorGroup[]> {
    return (await this.json<{ errors: IErrorGroup[] }>('GET', of(name, 'errors'))).errors;
  }

  /** The caps, what is used of them, and which would fit better. */
  caps(name: string): Promise<IAdvice> {
    return this.json('GET', of(name, 'caps'));
  }

  /** Publish a version with other caps. */
  async changeCaps(name: string, caps: { [cap: string]: number }): Promise<void> {
    await this.json('PATCH', of(name, 'caps'), caps);
  }

  /** A function's calls, newest first. */
  async invocations(name: string, query: Query): Promise<IPage<IInvocation>> {
    const page = await this.json<{ invocations: IInvocation[]; next: string | null }>(
      'GET',
      of(name, 'invocations', query)
    );
    return { found: page.invocations, next: page.next };
  }

  /** One call with its problem and log. */
  invocation(id: string): Promise<ICall> {
    return this.json('GET', `api/v1/invocations/${encodeURIComponent(id)}`);
  }

  /** What a function wrote, oldest first; `next` leads to what it wrote before. */
  async logs(name: string, query: Query): Promise<IPage<ILogEntry>> {
    const page = await this.json<{ logs: ILogEntry[]; next: string | null }>(
      'GET',
      of(name, 'logs', query)
    );
    return { found: page.logs, next: page.next };
  }

  /** What a function wrote last and writes from now on, as events; ends when `signal` says so. */
  async follow(
    name: string,
    query: Query,
    signal: AbortSignal
  ): Promise<AsyncGenerator<IEvent>> {
    const headers = { Accept: 'text/event-stream' };
    const response = await this.send('GET', of(name, 'logs', query), { headers, signal });
    if (!response.ok) {
      throw new ProblemError(await problemOf(response));
    }
    return eventsOf(response);
  }

  /** Call a function; whatever it answers, errors too, is the result. */
  call(
    target: string,
    body: string | FormData,
    accept: string,
    signal?: AbortSignal
  ): Promise<Response> {
    // A form's type has a boundary, which the browser knows.
    const type =
      typeof body === 'string' ? { 'Content-Type': 'application/json' } : undefined;
    const headers = { Accept: accept, ...type };
    return this.send('POST', `functions/${target}`, { body, headers, signal });
  }

  /** A function's arguments as a form. */
  form(name: string): Promise<IForm> {
    return this.json('GET', of(name, 'form'));
  }

  private async json<T>(method: string, path: string, body?: JSONObject): Promise<T> {
    const init = body && {
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' }
    };
    const response = await this.send(method, path, init ?? {});
    if (!response.ok) {
      throw new ProblemError(await problemOf(response));
    }
    return (await response.json()) as T;
  }

  private async send(method: string, path: string, init: RequestInit): Promise<Response> {
    const url = URLExt.join(this.settings.baseUrl, PREFIX, path);
    let response: Response;
    try {
      // With JupyterLab's own `no-store` it adds the time to the query, which the gateway doesn't know.
      const full: RequestInit = { method, cache: 'no-cache', ...init };
      response = await ServerConnection.makeRequest(url, full, this.settings);
    } catch (error) {
      if (init.signal?.aborted) {
        throw error;
      }
      throw new ServerError(false);
    }
    if (response.status === 404 && !isProblem(response)) {
      throw new ServerError(true);
    }
    return response;
  }
}

/** The path of a function, or of a part of it. */
function of(name: string, part: string = '', query: Query = {}): string {
  const given = Object.entries(query).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [[key, String(value)]]
  );
  const path = `api/v1/functions/${encodeURIComponent(name)}${part && `/${part}`}`;
  return given.length ? `${path}?${new URLSearchParams(given).toString()}` : path;
}

/** Whether an answer is an error with a problem. */
export function isProblem(response: Response): boolean {
  return (response.headers.get('Content-Type') ?? '').startsWith(
    'application/problem+json'
  );
}

/** The problem that an answer is; made of its status if it is none. */
export async function problemOf(response: Response): Promise<IProblem> {
  if (isProblem(response)) {
    return (await response.json()) as IProblem;
  }
  const text = (await response.text()).slice(0, 500);
  return { status: response.status, detail: text || response.statusText };
}
