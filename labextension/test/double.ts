/**
 * A double of the server's routes: answers what it was told to, and remembers what was asked.
 */
import { ProblemError, type Requests, ServerError } from '../src/api/requests';
import type { IForm, IFunction, IGatewayState } from '../src/api/types';

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
    versions: 1,
    instances: 0,
    ...part
  };
}

/** The error that a gateway that isn't there is. */
export const gone = new ProblemError({
  code: 'gateway-unavailable',
  detail: 'No gateway is running.'
});

export class RequestsDouble {
  list: IFunction[] | Error = [];
  gateway: IGatewayState = { state: 'stopped', url: null, startable: true };
  answer: (signal?: AbortSignal) => Promise<ResponseDouble> = () =>
    Promise.resolve(new ResponseDouble('null'));
  described: IForm = { schema: {}, uiSchema: {}, formData: {}, example: {} };
  readonly asked: string[] = [];

  functions(): Promise<IFunction[]> {
    this.asked.push('functions');
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
    this.list = (this.list as IFunction[]).filter(one => one.name !== name);
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
