/**
 * A form for a function's arguments, and what it answers.
 */
import { FormComponent } from '@jupyterlab/ui-components';
import React from 'react';

import type { Arguments, IFunction } from '../api/types';
import { useServices, useSignal } from '../context';
import { duration } from '../format';
import { formOf, validator } from '../forms';
import type { ITry, Tries } from '../models/tries';
import { exampleArguments, python } from '../snippets';
import { OutcomeView } from './outcomeView';

/** The forms that are shown as they are; whatever else there is comes last. */
const ACCEPT =
  'application/x-ndjson, application/json;q=0.9, image/png;q=0.8, text/html;q=0.7, */*;q=0.5';

interface ITryItProps {
  readonly one: IFunction;
  readonly tries: Tries;
  /** Called when a call has ended. */
  readonly done: () => void;
}

/** Fill in, call, see. */
export function TryIt({ one, tries, done }: ITryItProps): JSX.Element {
  const { trans, insertCell } = useServices();
  useSignal(tries.changed);
  const [args, setArgs] = React.useState<Arguments>(
    () => tries.current?.arguments ?? exampleArguments(one)
  );
  const [raw, setRaw] = React.useState<string | null>(null);
  const written = raw === null ? args : parsed(raw);
  const call = async (): Promise<void> => {
    if (written) {
      setArgs(written);
      await tries.run(written, ACCEPT);
      done();
    }
  };
  return (
    <div className="jp-faas-try">
      {/* No form element: the buttons of JupyterLab's form would submit it. */}
      <div
        role="form"
        className="jp-faas-try-form"
        aria-label={trans.__('Arguments')}
        onKeyDown={event => {
          if (event.key === 'Enter' && event.target instanceof HTMLInputElement) {
            void call();
          }
        }}
      >
        <label className="jp-faas-raw">
          <input
            type="checkbox"
            checked={raw !== null}
            onChange={event => {
              setRaw(event.target.checked ? JSON.stringify(args, null, 2) : null);
              setArgs(written ?? args);
            }}
          />
          {trans.__('Write JSON')}
        </label>
        {raw === null ? (
          <ArgumentForm one={one} args={args} change={setArgs} />
        ) : (
          <textarea
            className="jp-mod-styled"
            aria-label={trans.__('Arguments as JSON')}
            aria-invalid={written === null}
            rows={8}
            value={raw}
            onChange={event => setRaw(event.target.value)}
          />
        )}
        {written === null ? (
          <p className="jp-faas-error" role="alert">
            {trans.__('This is not a JSON object of named arguments yet.')}
          </p>
        ) : null}
        <div className="jp-faas-buttons">
          <button
            type="button"
            className="jp-mod-styled jp-mod-accept"
            disabled={written === null || tries.running}
            onClick={() => void call()}
          >
            {trans.__('Call')}
          </button>
          {tries.running ? (
            <button
              type="button"
              className="jp-mod-styled jp-mod-warn"
              onClick={() => tries.stop()}
            >
              {trans.__('Stop')}
            </button>
          ) : null}
          <button
            type="button"
            className="jp-mod-styled jp-mod-reject"
            disabled={written === null}
            onClick={() => insertCell(python(one, written ?? args))}
          >
            {trans.__('Insert call into notebook')}
          </button>
        </div>
      </div>
      <section
        className="jp-faas-try-result"
        aria-label={trans.__('Result')}
        aria-live="polite"
      >
        {tries.current ? <Result made={tries.current} running={tries.running} /> : null}
      </section>
      <History
        tries={tries.all.slice(1)}
        again={made => {
          setArgs(made.arguments);
          setRaw(raw === null ? null : JSON.stringify(made.arguments, null, 2));
        }}
      />
    </div>
  );
}

function ArgumentForm(props: {
  one: IFunction;
  args: Arguments;
  change: (args: Arguments) => void;
}): JSX.Element {
  const { trans } = useServices();
  const schemaOf = useStable(props.one.input_schema);
  const { schema, uiSchema } = React.useMemo(() => formOf(schemaOf), [schemaOf]);
  const ref = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    if (ref.current) {
      nameFields(ref.current);
    }
  });
  if (!Object.keys(schema.properties ?? {}).length && !schema.additionalProperties) {
    return (
      <p className="jp-faas-hint">{trans.__('This function takes no arguments.')}</p>
    );
  }
  return (
    <div ref={ref}>
      <FormComponent
        tagName="div"
        schema={schema}
        uiSchema={uiSchema}
        formData={props.args}
        validator={validator}
        liveValidate
        compact
        onChange={event => props.change(event.formData as Arguments)}
      />
    </div>
  );
}

/** The same object as long as it says the same, so that what is made of it is kept, too. */
function useStable<T>(value: T): T {
  const ref = React.useRef(value);
  if (JSON.stringify(ref.current) !== JSON.stringify(value)) {
    ref.current = value;
  }
  return ref.current;
}

/** JupyterLab's form shows a field's name beside it, and doesn't tell screen readers. */
function nameFields(form: HTMLElement): void {
  for (const field of form.querySelectorAll('input, select, textarea')) {
    const name = field.id.replace(/^root_/, '').replaceAll('_', ' ');
    if (name && !field.hasAttribute('aria-label')) {
      field.setAttribute('aria-label', name);
    }
  }
}

function Result({ made, running }: { made: ITry; running: boolean }): JSX.Element {
  const { trans } = useServices();
  return (
    <>
      {made.outcome ? <OutcomeView outcome={made.outcome} /> : null}
      <p className="jp-faas-hint" role="status">
        {running
          ? trans.__('Running …')
          : made.ms === null
            ? ''
            : trans.__('Answered after %1', duration(made.ms))}
      </p>
    </>
  );
}

function History(props: {
  tries: readonly ITry[];
  again: (made: ITry) => void;
}): JSX.Element | null {
  const { trans } = useServices();
  if (!props.tries.length) {
    return null;
  }
  return (
    <details className="jp-faas-history">
      <summary>{trans.__('Earlier tries')}</summary>
      <ul>
        {props.tries.map(made => (
          <li key={made.started}>
            <button
              type="button"
              className="jp-faas-link"
              onClick={() => props.again(made)}
            >
              <code>{JSON.stringify(made.arguments)}</code>
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}

function parsed(text: string): Arguments | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Arguments)
      : null;
  } catch {
    return null;
  }
}
