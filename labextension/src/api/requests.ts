/**
 * The extension's routes of the Jupyter server, which relays them to the gateway.
 */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import type {
  IForm,
  IFunction,
  IGatewayState,
  IInvocation,
  ILogEntry,
  IProblem
} from './types';

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

  /** All functions. */
  async functions(): Promise<IFunction[]> {
    const body = await this.json<{ functions: IFunction[] }>('GET', 'api/v1/functions');
    return body.functions;
  }

  /** One function. */
  function(name: string): Promise<IFunction> {
    return this.json('GET', `api/v1/functions/${encodeURIComponent(name)}`);
  }

  /** Delete a function with all its versions. */
  async remove(name: string): Promise<void> {
    await this.json('DELETE', `api/v1/functions/${encodeURIComponent(name)}`);
  }

  /** A function's newest calls, newest first. */
  async invocations(name: string, limit: number): Promise<IInvocation[]> {
    const path = `api/v1/functions/${encodeURIComponent(name)}/invocations?limit=${limit}`;
    return (await this.json<{ invocations: IInvocation[] }>('GET', path)).invocations;
  }

  /** What a function wrote last, oldest first. */
  async logs(name: string, limit: number): Promise<ILogEntry[]> {
    const path = `api/v1/functions/${encodeURIComponent(name)}/logs?limit=${limit}`;
    return (await this.json<{ logs: ILogEntry[] }>('GET', path)).logs;
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
    return this.json('GET', `api/v1/functions/${encodeURIComponent(name)}/form`);
  }

  private async json<T>(method: string, path: string): Promise<T> {
    const response = await this.send(method, path, {});
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
