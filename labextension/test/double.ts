/**
 * A double of the server's routes: answers what it was told to, and remembers what was asked.
 */
import {
  ProblemError,
  type Query,
  type Requests,
  ServerError
} from '../src/api/requests';
import type {
  IActivity,
  IForm,
  IFunction,
  IGatewayState,
  IInvocation,
  ILogEntry,
  IPage,
  ISummary
} from '../src/api/types';

/** A function with everything that the panel shows. */
export function functionNamed(name: string, part: Partial<IFunction> = {}): IFunction {
  return {
    name,
    version: 1,
    digest: 'sha256:0',
    url: `http://127.0.0.1:1/functions/${name}`,
    public: false,
    doc: null,
    entry: name,
    signature: '(x)',
    python: '3.11',
    packages: [],
    caps: { timeout_seconds: 30, memory_bytes: 256e6 },
    input_schema: { type: 'object', properties: {} },
    output_schema: null,
    origin: { notebook: null },
    published: '2026-01-01T00:00:00.000Z',
    author: null,
    aliases: { latest: { 1: 100 } },
    versions: 1,
    instances: 0,
    ...part
  };
}

/** A row of the list. */
export function summaryOf(name: string, part: Partial<ISummary> = {}): ISummary {
  return {
    name,
    version: 1,
    summary: '',
    signature: '(x)',
    public: false,
    published: '2026-01-01T00:00:00.000Z',
    notebook: null,
    versions: 1,
    aliases: { latest: { 1: 100 } },
    instances: {},
    state: 'idle',
    step: null,
    hour: null,
    ...part
  };
}

/** An hour with so many calls of one length, in its last piece. */
export function hourOf(calls: number, errors: number, ms: number): ISummary['hour'] {
  const series = (last: number): number[] => [...Array<number>(29).fill(0), last];
  return {
    calls,
    errors,
    p50_ms: ms,
    p99_ms: 2 * ms,
    peak_bytes: 1e6,
    series: { calls: series(calls), errors: series(errors) }
  };
}

/** A call. */
export function callOf(id: string, part: Partial<IInvocation> = {}): IInvocation {
  return {
    id,
    function: 'f',
    version: 1,
    alias: 'latest',
    caller: null,
    status: 200,
    code: null,
    started: '2026-01-01T00:00:00.000Z',
    queue_ms: 1,
    start_ms: 0,
    run_ms: 9,
    cpu_ms: 5,
    peak_bytes: 20e6,
    start: 'warm',
    request_bytes: 2,
    result_bytes: 4,
    ...part
  };
}

/** A line of a log. */
export function lineOf(text: string, part: Partial<ILogEntry> = {}): ILogEntry {
  const time = '2026-01-01T00:00:00.000Z';
  return { time, level: null, stream: 'stdout', text, invocation: 'i-1', ...part };
}

/** The error that a gateway that isn't there is. */
export const gone = new ProblemError({
  code: 'gateway-unavailable',
  detail: 'No gateway is running.'
});

export class RequestsDouble {
  list: ISummary[] | Error = [];
  pages: IPage<IInvocation>[] = [];
  gateway: IGatewayState = { state: 'stopped', url: null, startable: true };
  answer: (signal?: AbortSignal) => Promise<ResponseDouble> = () =>
    Promise.resolve(new ResponseDouble('null'));
  described: IForm = { schema: {}, uiSchema: {}, formData: {}, example: {} };
  readonly asked: string[] = [];

  overview(): Promise<ISummary[]> {
    this.asked.push('overview');
    return this.list instanceof Error
      ? Promise.reject(this.list)
      : Promise.resolve(this.list);
  }

  state(): Promise<IGatewayState> {
    this.asked.push('state');
    return Promise.resolve(this.gateway);
  }

  start(): Promise<IGatewayState> {
    this.asked.push('start');
    this.list = [];
    return Promise.resolve({
      state: 'running',
      url: 'http://127.0.0.1:1',
      startable: false
    });
  }

  remove(name: string): Promise<void> {
    this.asked.push(`remove ${name}`);
    this.list = (this.list as ISummary[]).filter(one => one.name !== name);
    return Promise.resolve();
  }

  function(name: string): Promise<IFunction> {
    this.asked.push(`function ${name}`);
    return Promise.resolve(functionNamed(name));
  }

  activity(name: string): Promise<IActivity> {
    this.asked.push(`activity ${name}`);
    const none = { calls: 0, errors: 0, p50_ms: null, p99_ms: null, peak_bytes: null };
    return Promise.resolve({ ...none, slot_seconds: 120, slots: [] });
  }

  invocations(name: string, query: Query): Promise<IPage<IInvocation>> {
    const given = Object.entries(query).filter(([, value]) => value);
    this.asked.push(`invocations ${name} ${JSON.stringify(Object.fromEntries(given))}`);
    return Promise.resolve(this.pages.shift() ?? { found: [], next: null });
  }

  rollBack(name: string, from: number, to?: number): Promise<void> {
    this.asked.push(`rollback ${name} ${from} ${to ?? ''}`.trim());
    return Promise.resolve();
  }

  form(name: string): Promise<IForm> {
    this.asked.push(`form ${name}`);
    return Promise.resolve(this.described);
  }

  call(
    target: string,
    body: string | FormData,
    accept: string,
    signal?: AbortSignal
  ): Promise<Response> {
    this.asked.push(`call ${target} ${typeof body === 'string' ? body : 'form'}`);
    return this.answer(signal) as unknown as Promise<Response>;
  }
}

/** The double as what it stands for. */
export function requests(double: RequestsDouble): Requests {
  return double as unknown as Requests;
}

export const unreachable = new ServerError(false);

/** As much of a `Response` as is read; jsdom has none. */
export class ResponseDouble {
  readonly headers: Headers;
  readonly ok: boolean;

  constructor(
    private readonly content: string,
    readonly status: number = 200,
    type: string = 'application/json',
    private readonly pieces: ReadableStream<Uint8Array> | null = null
  ) {
    const headers = new Map([
      ['content-type', type],
      ['faas-invocation-id', 'i-1']
    ]);
    this.headers = {
      get: (name: string) => headers.get(name.toLowerCase()) ?? null
    } as Headers;
    this.ok = status < 400;
  }

  get body(): ReadableStream<Uint8Array> | null {
    return this.pieces;
  }

  text(): Promise<string> {
    return Promise.resolve(this.content);
  }

  json(): Promise<unknown> {
    return Promise.resolve(JSON.parse(this.content) as unknown);
  }

  blob(): Promise<Blob> {
    return Promise.resolve(new Blob([this.content]));
  }
}
