import { Catalogue } from '../src/models/catalogue';
import { functionNamed, gone, requests, RequestsDouble, unreachable } from './double';

describe('Catalogue', () => {
  let double: RequestsDouble;
  let catalogue: Catalogue;

  beforeEach(() => {
    double = new RequestsDouble();
    catalogue = new Catalogue(requests(double), 1e6);
  });

  afterEach(() => catalogue.dispose());

  it('shows what there is, filtered and in order', async () => {
    double.list = [
      functionNamed('a', { doc: 'Mean of numbers.' }),
      functionNamed('b', { published: '2026-02-01T00:00:00.000Z' })
    ];
    await catalogue.watch();
    expect(catalogue.condition.kind).toBe('running');
    expect(catalogue.shown.map(one => one.name)).toEqual(['a', 'b']);
    catalogue.sort = 'published';
    expect(catalogue.shown.map(one => one.name)).toEqual(['b', 'a']);
    catalogue.filter = ' MEAN ';
    expect(catalogue.shown.map(one => one.name)).toEqual(['a']);
    expect(catalogue.total).toBe(2);
  });

  it('says that no gateway runs, and starts one', async () => {
    double.list = gone;
    await catalogue.watch().catch(() => undefined);
    expect(catalogue.condition).toEqual({
      kind: 'stopped',
      startable: true,
      problem: undefined
    });
    const seen: string[] = [];
    catalogue.changed.connect(() => void seen.push(catalogue.condition.kind));
    await catalogue.startGateway();
    expect(seen[0]).toBe('starting');
    expect(catalogue.condition.kind).toBe('running');
  });

  it('keeps saying that a gateway starts while it does', async () => {
    double.list = gone;
    await catalogue.watch().catch(() => undefined);
    let started = (): void => undefined;
    double.start = async () => {
      await new Promise<void>(resolve => (started = resolve));
      double.list = [];
      return { state: 'running', url: null, startable: false };
    };
    const starting = catalogue.startGateway();
    await catalogue.refresh();
    expect(catalogue.condition.kind).toBe('starting');
    started();
    await starting;
    expect(catalogue.condition.kind).toBe('running');
  });

  it('tells a server that is down from one without the extension', async () => {
    double.list = unreachable;
    await catalogue.watch().catch(() => undefined);
    expect(catalogue.condition).toEqual({ kind: 'unreachable', missing: false });
  });

  it('forgets what was deleted', async () => {
    double.list = [functionNamed('a'), functionNamed('b')];
    await catalogue.watch();
    await catalogue.remove('a');
    expect(catalogue.shown.map(one => one.name)).toEqual(['b']);
  });
});
