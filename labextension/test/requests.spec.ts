import type { ServerConnection } from '@jupyterlab/services';

import { eventsOf, type IEvent } from '../src/api/events';
import { ProblemError, Requests } from '../src/api/requests';

interface IAsked {
  readonly url: string;
  readonly method?: string;
  readonly body?: unknown;
}

/** JupyterLab's own way of asking, with the settings that it has by default, and a server that remembers what it was asked. */
function asking(answer: unknown, status: number = 200): [Requests, IAsked[]] {
  const asked: IAsked[] = [];
  class RequestDouble {
    readonly headers = new Map<string, string>();
    constructor(
      readonly url: string,
      readonly init: RequestInit
    ) {}
  }
  const settings = {
    baseUrl: 'http://127.0.0.1/base/',
    init: { cache: 'no-store', credentials: 'same-origin' },
    token: '',
    Request: RequestDouble as unknown as typeof Request,
    fetch: ((request: RequestDouble) => {
      asked.push({
        url: request.url,
        method: request.init.method,
        body: request.init.body
      });
      return Promise.resolve({
        ok: status < 400,
        status,
        headers: { get: () => 'application/problem+json' },
        json: () => Promise.resolve(answer)
      });
    }) as unknown as typeof fetch
  } as unknown as ServerConnection.ISettings;
  return [new Requests(settings), asked];
}

const ROOT = 'http://127.0.0.1/base/jupyter-faas/api/v1';

describe('Requests', () => {
  it('asks nothing that the gateway does not know', async () => {
    const [requests, asked] = asking({
      functions: [],
      invocations: [],
      logs: [],
      next: null
    });
    await requests.overview();
    await requests.invocations('f', {
      limit: 2,
      status: '',
      cursor: undefined,
      code: 'x y'
    });
    await requests.versions('f');
    await requests.differences('f', 3, 1);
    expect(asked.map(one => one.url)).toEqual([
      `${ROOT}/overview`,
      `${ROOT}/functions/f/invocations?limit=2&code=x+y`,
      `${ROOT}/functions/f/versions`,
      `${ROOT}/functions/f/versions/3/changes?since=1`
    ]);
  });

  it('sends what is to be changed', async () => {
    const [requests, asked] = asking({ versions: { 1: 100 } });
    await requests.moveAlias('f', 'prod', { 1: 90, 2: 10 });
    await requests.rollBack('f', 2);
    await requests.changeCaps('f', { memory_bytes: 64e6 });
    expect(asked).toEqual([
      {
        url: `${ROOT}/functions/f/aliases/prod`,
        method: 'PUT',
        body: '{"versions":{"1":90,"2":10}}'
      },
      { url: `${ROOT}/functions/f/rollback`, method: 'POST', body: '{"from":2}' },
      {
        url: `${ROOT}/functions/f/caps`,
        method: 'PATCH',
        body: '{"memory_bytes":64000000}'
      }
    ]);
  });

  it('rejects with the problem', async () => {
    const [requests] = asking({ code: 'conflict', detail: 'Not now.' }, 409);
    const error: unknown = await requests.rollBack('f', 2).catch((one: unknown) => one);
    expect(error).toBeInstanceOf(ProblemError);
    expect([(error as ProblemError).code, (error as ProblemError).message]).toEqual([
      'conflict',
      'Not now.'
    ]);
  });
});

describe('eventsOf', () => {
  it('reads events, however they are cut', async () => {
    const pieces = [
      'event: log\nda',
      'ta: {"n": 1}\n',
      '\n: nothing new\n\n',
      'data: "é"\n\nev'
    ];
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) {
          controller.enqueue(new TextEncoder().encode(piece));
        }
        controller.close();
      }
    });
    const found: IEvent[] = [];
    for await (const event of eventsOf({ body } as unknown as Response)) {
      found.push(event);
    }
    expect(found).toEqual([
      { name: 'log', data: { n: 1 } },
      { name: 'message', data: 'é' }
    ]);
  });
});
