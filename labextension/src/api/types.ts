/**
 * What the gateway's management API sends (ARCHITECTURE.md, "The management API").
 */
import type { JSONObject, JSONValue, PartialJSONObject } from '@lumino/coreutils';

/** Whether a gateway runs, as the Jupyter server sees it. */
export interface IGatewayState {
  readonly state: 'running' | 'stopped';
  readonly url: string | null;
  /** Whether the Jupyter server may start one. */
  readonly startable: boolean;
  readonly problem?: IProblem;
}

/** An error (RFC 9457); the figures are further members. */
export interface IProblem extends PartialJSONObject {
  readonly title?: string;
  readonly status?: number;
  readonly detail?: string;
  readonly code?: string;
}

export interface ICaps extends JSONObject {
  readonly timeout_seconds: number;
  readonly memory_bytes: number;
}

/** Where a function was published from. */
export interface IOrigin extends JSONObject {
  readonly notebook: string | null;
}

export interface IFunction {
  readonly name: string;
  readonly version: number;
  readonly digest: string;
  readonly url: string;
  readonly public: boolean;
  readonly doc: string | null;
  readonly entry: string;
  readonly signature: string;
  readonly python: string;
  readonly packages: readonly string[];
  readonly caps: ICaps;
  readonly input_schema: JSONObject;
  readonly output_schema: JSONObject | null;
  readonly origin: IOrigin;
  readonly published: string;
  readonly versions: number;
  readonly instances: number;
}

export interface IInvocation {
  readonly id: string;
  readonly function: string;
  readonly version: number;
  readonly status: number;
  readonly code: string | null;
  readonly started: string;
  readonly queue_ms: number;
  readonly start_ms: number;
  readonly run_ms: number;
  readonly cpu_ms: number;
  readonly peak_bytes: number;
  readonly start: 'warm' | 'paused' | 'prewarmed' | 'cold' | null;
  readonly problem: IProblem | null;
}

export interface ILogEntry {
  readonly time: string;
  readonly stream: string;
  readonly text: string;
  readonly invocation: string;
}

/** A frame of a remote traceback; `cell` and `cell_line` where it is the notebook's. */
export interface IFrame {
  readonly file: string;
  readonly line: number;
  readonly function: string;
  readonly text: string;
  readonly cell?: string;
  readonly cell_line?: number;
}

/** The named arguments of a call. */
export type Arguments = { [name: string]: JSONValue };

/** A function's arguments as a form (`GET …/form`), for react-jsonschema-form. */
export interface IForm {
  readonly schema: JSONObject;
  readonly uiSchema: JSONObject;
  /** The arguments of the first example, if there is one. */
  readonly formData: Arguments;
  /** Arguments for a call to copy. */
  readonly example: Arguments;
}
