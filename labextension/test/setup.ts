/**
 * What browsers have and jsdom hasn't.
 */
import { TextDecoder, TextEncoder } from 'node:util';
import { ReadableStream, TextDecoderStream } from 'node:stream/web';

/** Nothing has a size in jsdom. */
class ResizeObserver {
  observe(): void {}
  disconnect(): void {}
}

Object.assign(globalThis, {
  ResizeObserver,
  TextDecoder,
  TextEncoder,
  ReadableStream,
  TextDecoderStream
});
