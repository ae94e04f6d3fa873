import { ProblemError } from '../src/api/requests';
import { Catalogue } from '../src/models/catalogue';
import { gone, hourOf, requests, RequestsDouble, summaryOf, unreachable } from './double';

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
      summaryOf('a', { summary: 'Mean of numbers.' }),
      summaryOf('b', { published: '2026-02-01T00:00:00.000Z', state: 'failing' }),
      summaryOf('c', { notebook: 'report.ipynb', aliases: { prod: { 1: 100 } } })
    ];
    await catalogue.watch();
    const names = (): string[] => catalogue.shown.map(one => one.name);
    expect(catalogue.condition.kind).toBe('running');
    expect(names()).toEqual(['a', 'b', 'c']);
    catalogue.sort = 'published';
    expect(names()).toEqual(['b', 'a', 'c']);
    for (const [wanted, name] of [
      [' MEAN ', 'a'],
      ['fail', 'b'],
      ['report', 'c'],
      ['prod', 'c']
    ] as const) {
      catalogue.filter = wanted;
      expect(names()).toEqual([name]);
    }
    expect(catalogue.total).toBe(3);
  });

  it('puts first what is called most, fails most, takes longest', async () => {
    double.list = [
      summaryOf('rests'),
      summaryOf('slow', { hour: hourOf(3, 1, 900) }),
      summaryOf('busy', { hour: hourOf(90, 0, 5) })
    ];
    await catalogue.watch();
    for (const [key, first] of [
      ['calls', 'busy'],
      ['errors', 'slow'],
      ['p99', 'slow']
    ] as const) {
      catalogue.sort = key;
      expect(catalogue.shown[0]!.name).toBe(first);
    }
    expect(catalogue.shown[2]!.name).toBe('rests');
  });

  it('asks no more while nobody looks, but when told to', async () => {
    await catalogue.watch();
    await catalogue.rest();
    catalogue.interval = 1;
    await catalogue.refresh();
    await new Promise(resolve => setTimeout(resolve, 30));
    expect(double.asked).toEqual(['overview', 'overview']);
  });

  it('says that a gateway is older than what it is asked', async () => {
    double.list = new ProblemError({ code: 'not-found' });
    await catalogue.watch();
    expect(catalogue.condition).toEqual({ kind: 'outdated' });
  });

  it('says that no gateway runs, and starts one', async () => {
    double.list = gone;
    await catalogue.watch();
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
    await catalogue.watch();
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
    await catalogue.watch();
    expect(catalogue.condition).toEqual({ kind: 'unreachable', missing: false });
  });

  it('forgets what was deleted', async () => {
    double.list = [summaryOf('a'), summaryOf('b')];
    await catalogue.watch();
    await catalogue.remove('a');
    expect(catalogue.shown.map(one => one.name)).toEqual(['b']);
  });
});
