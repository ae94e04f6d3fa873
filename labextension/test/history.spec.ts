import { ANY_CALL, CallHistory } from '../src/models/history';
import { callOf, requests, RequestsDouble } from './double';

describe('CallHistory', () => {
  let double: RequestsDouble;
  let history: CallHistory;
  const ids = (): string[] => (history.calls ?? []).map(call => call.id);

  beforeEach(() => {
    double = new RequestsDouble();
    history = new CallHistory('f', requests(double), 1e6);
  });

  afterEach(() => history.dispose());

  it('goes on where the last page ended, and puts new calls before', async () => {
    double.pages = [
      { found: [callOf('4'), callOf('3')], next: 'cursor' },
      { found: [callOf('2'), callOf('1')], next: null },
      { found: [callOf('5'), callOf('4')], next: 'other' }
    ];
    await history.watch();
    expect([ids(), history.more]).toEqual([['4', '3'], true]);
    await history.loadMore();
    expect([ids(), history.more]).toEqual([['4', '3', '2', '1'], false]);
    await history.refresh();
    expect([ids(), history.more]).toEqual([['5', '4', '3', '2', '1'], false]);
    expect(double.asked[1]).toContain('"cursor":"cursor"');
  });

  it('begins anew when so many came that some would lack between', async () => {
    double.pages = [
      { found: [callOf('1')], next: null },
      { found: [callOf('9'), callOf('8')], next: 'cursor' }
    ];
    await history.watch();
    await history.refresh();
    expect([ids(), history.more]).toEqual([['9', '8'], true]);
  });

  it('shows what was wanted last', async () => {
    await history.watch();
    history.filter = { ...ANY_CALL, status: '5xx' };
    history.filter = { ...ANY_CALL, code: 'timeout' };
    expect(history.calls).toBeUndefined();
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(double.asked.at(-1)).toContain('"code":"timeout"');
    expect(history.calls).toEqual([]);
  });
});
