/**
 * What is asked for again and again while somebody looks.
 */
import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

const LONGEST_WAIT = 60_000;

/** A model that looks regularly; it waits longer after each failure, and while the browser's tab is hidden. */
export abstract class Watched implements IDisposable {
  /** Looks each `interval` ms, but not while `asleep` says that nobody would see it. */
  constructor(name: string, interval: number, asleep: () => boolean = () => false) {
    this._poll = new Poll({
      auto: false,
      name: `jupyter-faas:${name}`,
      factory: () => this.look(),
      frequency: { interval, backoff: true, max: Math.max(interval, LONGEST_WAIT) },
      standby: () => (asleep() ? true : 'when-hidden')
    });
  }

  /** Emitted whenever something changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  /** Whether somebody looks. */
  get watched(): boolean {
    return this._watched;
  }

  /** Change the time between two looks, in ms. */
  set interval(value: number) {
    this._poll.frequency = { ...this._poll.frequency, interval: value };
  }

  dispose(): void {
    this._watched = false;
    this._poll.dispose();
    Signal.clearData(this);
  }

  /** Begin to look, now and regularly; resolves after the first look, whatever came of it. */
  async watch(): Promise<void> {
    this._watched = true;
    await this._poll.start();
    await this._looked();
  }

  /** Look no more until the next `watch`. */
  async rest(): Promise<void> {
    this._watched = false;
    if (!this.isDisposed) {
      await this._poll.stop();
    }
  }

  /** Look now; resolves after that, whatever came of it. */
  async refresh(): Promise<void> {
    await this._poll.refresh();
    await this._looked();
    if (!this._watched && !this.isDisposed) {
      await this._poll.stop(); // that was this once
    }
  }

  /** Look once. What it rejects with makes the next look come later. */
  protected abstract look(): Promise<void>;

  /** Say that something changed. */
  protected tell(): void {
    this._changed.emit();
  }

  private async _looked(): Promise<void> {
    try {
      await this._poll.tick;
    } catch {
      // The model tells what went wrong.
    }
  }

  private readonly _poll: Poll<void>;
  private readonly _changed = new Signal<this, void>(this);
  private _watched = false;
}

/** What the gateway answers to one question, kept up to date. */
export class Answer<T> extends Watched {
  constructor(
    name: string,
    private readonly ask: () => Promise<T>,
    interval: number,
    asleep?: () => boolean
  ) {
    super(name, interval, asleep);
  }

  /** Undefined until the first answer. */
  get value(): T | undefined {
    return this._value;
  }

  /** Why there was none the last time, if so. */
  get error(): Error | null {
    return this._error;
  }

  protected override async look(): Promise<void> {
    try {
      this._value = await this.ask();
      this._error = null;
    } catch (error) {
      this._error = error as Error;
      throw error;
    } finally {
      this.tell();
    }
  }

  private _value: T | undefined;
  private _error: Error | null = null;
}
