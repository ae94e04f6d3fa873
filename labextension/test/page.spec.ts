import { FunctionPage } from '../src/models/page';
import { requests, RequestsDouble } from './double';

describe('FunctionPage', () => {
  let double: RequestsDouble;
  let page: FunctionPage;

  beforeEach(() => {
    double = new RequestsDouble();
    page = new FunctionPage('f', requests(double), 1e6);
  });

  afterEach(() => page.dispose());

  it('asks for the function and its last hour, and for what a section shows', async () => {
    await page.watch();
    expect(double.asked).toEqual(['function f', 'activity f']);
    await page.calls.watch();
    expect(double.asked[2]).toContain('invocations f');
  });

  it('looks at once at what is shown when it comes into sight again', async () => {
    await page.watch();
    await page.calls.watch();
    await page.rest();
    double.asked.length = 0;
    await page.watch();
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(double.asked.map(one => one.split(' ')[0]).sort()).toEqual([
      'activity',
      'function',
      'invocations'
    ]);
  });

  it('shows a call in its section', () => {
    const seen: string[] = [];
    page.changed.connect(() => void seen.push(page.section));
    page.showCall('i-1');
    expect([page.section, page.calls.opened, seen]).toEqual(['calls', 'i-1', ['calls']]);
  });

  it('rolls back from the version that is seen, and looks again', async () => {
    await page.watch();
    double.asked.length = 0;
    await page.rollBack();
    expect(double.asked).toEqual(['rollback f 1', 'function f', 'activity f']);
  });
});
