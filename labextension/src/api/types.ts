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
  readonly author: string | null;
  readonly aliases: Aliases;
  readonly versions: number;
  readonly instances: number;
}

/** Versions by number, each with its share of the calls in percent. */
export type Shares = { readonly [version: string]: number };

export type Aliases = { readonly [alias: string]: Shares };

export type FunctionState = 'live' | 'building' | 'failing' | 'idle' | 'paused';

/** What the calls of a piece of time did. */
export interface ICounts {
  readonly calls: number;
  readonly errors: number;
  readonly p50_ms: number | null;
  readonly p99_ms: number | null;
  readonly peak_bytes: number | null;
}

/** A function as a row of the list. */
export interface ISummary {
  readonly name: string;
  /** Null while it is published for the first time. */
  readonly version: number | null;
  readonly summary: string;
  readonly signature: string;
  readonly public: boolean;
  readonly published: string | null;
  readonly notebook: string | null;
  readonly versions: number;
  readonly aliases: Aliases;
  readonly instances: { readonly [state: string]: number };
  readonly state: FunctionState;
  /** The step of the build that is under way. */
  readonly step: string | null;
  readonly hour:
    | (ICounts & {
        readonly series: {
          readonly calls: readonly number[];
          readonly errors: readonly number[];
        };
      })
    | null;
}

/** The last hour of a function, in all and in pieces. */
export interface IActivity extends ICounts {
  readonly slot_seconds: number;
  readonly slots: readonly (ICounts & { readonly begun: string })[];
}

export interface IChange {
  readonly part: string;
  readonly what: string;
  readonly breaking: boolean;
}

export interface IVersion {
  readonly version: number;
  readonly published: string;
  readonly author: string | null;
  readonly notebook: string | null;
  readonly cell: string | null;
  readonly aliases: Shares;
  readonly served: string | null;
  readonly instances: number;
  readonly layer_bytes: number;
  readonly image_bytes: number;
  readonly changes: { readonly breaking: number; readonly changes: IChange[] } | null;
}

export interface IVersions {
  readonly latest: number;
  readonly total: number;
  readonly versions: readonly IVersion[];
  readonly next: number | null;
}

/** What is different between two versions; `source` is a unified diff. */
export interface IDifferences {
  readonly since: number;
  readonly breaking: number;
  readonly changes: readonly IChange[];
  readonly source: string;
}

export interface IMove {
  readonly alias: string;
  readonly moved: string;
  readonly author: string | null;
  readonly reason: 'publish' | 'alias' | 'rollback' | 'removed';
  readonly before: string | null;
  readonly after: string | null;
}

export interface IAliases {
  readonly aliases: Aliases;
  readonly moves: readonly IMove[];
}

/** Errors of one kind at one place. */
export interface IErrorGroup {
  readonly code: string;
  readonly exception: string | null;
  readonly cell: string | null;
  readonly line: number | null;
  readonly message: string;
  readonly first: string;
  readonly last: string;
  readonly count: number;
  readonly versions: readonly number[];
  /** The newest call that ended so. */
  readonly invocation: string;
}

export interface ISpread {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface IProposal {
  readonly cap: string;
  readonly present: number;
  readonly proposed: number;
  readonly option: string;
  readonly reason: string;
}

/** Caps, what calls used of them, and which would fit better. */
export interface IAdvice {
  readonly version: number;
  readonly caps: ICaps;
  readonly usage: {
    readonly calls: number;
    readonly run_seconds: ISpread | null;
    readonly memory_bytes: ISpread | null;
    readonly cpu: ISpread | null;
    readonly timeouts: number;
    readonly out_of_memory: number;
  };
  readonly proposals: readonly IProposal[];
}

/** What deleting a function takes away. */
export interface IDeletion {
  readonly versions: number;
  readonly aliases: readonly string[];
  readonly instances: number;
  readonly calls: number;
  readonly images: number;
  readonly bytes: number;
  readonly invocations: number;
}

export interface IPage<T> {
  readonly found: readonly T[];
  /** Where to go on; null at the end. */
  readonly next: string | null;
}

export interface IInvocation {
  readonly id: string;
  readonly function: string;
  readonly version: number;
  readonly alias: string | null;
  readonly caller: string | null;
  readonly status: number;
  readonly code: string | null;
  readonly started: string;
  readonly queue_ms: number;
  readonly start_ms: number;
  readonly run_ms: number;
  readonly cpu_ms: number;
  readonly peak_bytes: number;
  readonly start: 'warm' | 'paused' | 'prewarmed' | 'cold' | null;
  readonly request_bytes: number;
  readonly result_bytes: number;
}

/** One call with what it wrote, and why it failed. */
export interface ICall extends IInvocation {
  readonly problem: IProblem | null;
  readonly logs: readonly ILogEntry[];
}

export interface ILogEntry {
  readonly time: string;
  readonly level: string | null;
  readonly stream: string;
  readonly text: string;
  /** Null while the function was imported. */
  readonly invocation: string | null;
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
