/**
 * One function as its page shows it: itself, its last hour, and a part for each section.
 */
import type { Requests } from '../api/requests';
import type {
  IActivity,
  IAdvice,
  IAliases,
  IErrorGroup,
  IFunction,
  IVersions,
  Shares
} from '../api/types';
import { Follower } from './follower';
import { CallHistory } from './history';
import { Answer, Watched } from './watched';

const SLOWLY = 3; // times as long between two looks at what changes seldom

/** The state of a function's page. Its parts look only while their section is seen. */
export class FunctionPage extends Watched {
  readonly calls: CallHistory;
  readonly log: Follower;
  readonly versions: Answer<IVersions>;
  readonly aliases: Answer<IAliases>;
  readonly errors: Answer<IErrorGroup[]>;
  readonly caps: Answer<IAdvice>;

  constructor(
    readonly name: string,
    readonly requests: Requests,
    interval: number = 3000
  ) {
    super(`function:${name}`, interval);
    const asleep = (): boolean => !this.watched;
    const seldom = SLOWLY * interval;
    const asked = <T>(part: string, ask: () => Promise<T>): Answer<T> =>
      new Answer(`${part}:${name}`, ask, seldom, asleep);
    this.calls = new CallHistory(name, requests, interval, asleep);
    this.log = new Follower(name, requests, asleep);
    this.versions = asked('versions', () => this._allVersions());
    this.aliases = asked('aliases', () => requests.aliases(name));
    this.errors = asked('errors', () => requests.errors(name));
    this.caps = asked('caps', () => requests.caps(name));
  }

  /** The function; undefined until it has been asked for. */
  get function(): IFunction | undefined {
    return this._function;
  }

  /** Its last hour; undefined until it has been asked for. */
  get activity(): IActivity | undefined {
    return this._activity;
  }

  /** Why it could not be asked for, if so. */
  get error(): Error | null {
    return this._error;
  }

  /** The section that is shown. */
  get section(): string {
    return this._section;
  }

  set section(id: string) {
    this._section = id;
    this.tell();
  }

  /** Show what became of a call. */
  showCall(id: string): void {
    this.calls.opened = id;
    this.section = 'calls';
  }

  override dispose(): void {
    for (const part of this._parts) {
      part.dispose();
    }
    super.dispose();
  }

  override async watch(): Promise<void> {
    const rested = !this.watched;
    const watching = super.watch();
    if (rested) {
      this._lookAgain();
    }
    await watching;
  }

  /** Look no more; what follows the log lets go of its connection. */
  override async rest(): Promise<void> {
    if (this.log.watched) {
      this._followed = true;
      await this.log.rest();
    }
    await super.rest();
  }

  /** Look now, at what is shown, too. */
  override async refresh(): Promise<void> {
    this._lookAgain();
    await super.refresh();
  }

  /** Have an alias lead to versions. */
  async moveAlias(alias: string, versions: Shares): Promise<void> {
    await this._change(this.requests.moveAlias(this.name, alias, versions));
  }

  /** Forget an alias. */
  async removeAlias(alias: string): Promise<void> {
    await this._change(this.requests.removeAlias(this.name, alias));
  }

  /** Move `latest` to a version, or back to the one that last served well. */
  async rollBack(to?: number): Promise<void> {
    const from = this._function?.version ?? 1;
    await this._change(this.requests.rollBack(this.name, from, to));
  }

  /** Publish a version with other caps. */
  async changeCaps(caps: { [cap: string]: number }): Promise<void> {
    await this._change(this.requests.changeCaps(this.name, caps));
  }

  /** Show versions before those that are there. */
  async loadVersions(): Promise<void> {
    this._versionPages += 1;
    await this.versions.refresh();
  }

  protected override async look(): Promise<void> {
    try {
      const [one, activity] = await Promise.all([
        this.requests.function(this.name),
        this.requests.activity(this.name)
      ]);
      this._function = one;
      this._activity = activity;
      this._error = null;
    } catch (error) {
      this._error = error as Error;
      throw error; // the poll backs off
    } finally {
      this.tell();
    }
  }

  /** As many pages of versions as are shown. */
  private async _allVersions(): Promise<IVersions> {
    let all = await this.requests.versions(this.name);
    for (let page = 1; page < this._versionPages && all.next !== null; page++) {
      const older = await this.requests.versions(this.name, all.next);
      all = { ...older, versions: [...all.versions, ...older.versions] };
    }
    return all;
  }

  private async _change(change: Promise<void>): Promise<void> {
    await change;
    await this.refresh();
  }

  private _lookAgain(): void {
    if (this._followed) {
      this._followed = false;
      void this.log.watch();
    }
    for (const part of this._parts) {
      if (part.watched && part !== this.log) {
        void part.refresh();
      }
    }
  }

  private get _parts(): readonly Watched[] {
    return [this.calls, this.log, this.versions, this.aliases, this.errors, this.caps];
  }

  private _function: IFunction | undefined;
  private _activity: IActivity | undefined;
  private _error: Error | null = null;
  private _section = 'try';
  private _followed = false;
  private _versionPages = 1;
}
