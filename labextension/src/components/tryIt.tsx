/**
 * A form for a function's arguments, and what it answers.
 */
import React from 'react';

import type { IFunction } from '../api/types';
import { useAnswer, useServices, useSignal } from '../context';
import { duration } from '../format';
import { initial } from '../models/argumentForm';
import { filesOf, type Given, valuesOf } from '../models/given';
import type { ITry, Tries } from '../models/tries';
import { acceptFor, formsOf } from '../models/wanted';
import { python } from '../snippets';
import { ArgumentForm } from './argumentForm';
import { OutcomeView } from './outcomeView';
import { RawArguments, readArguments } from './rawArguments';
import { TryHistory } from './tryHistory';

interface ITryItProps {
  readonly one: IFunction;
  readonly tries: Tries;
  /** Called when a call has ended. */
  readonly done: () => void;
}

/** Fill in, call, see. */
export function TryIt({ one, tries, done }: ITryItProps): JSX.Element {
  const { trans } = useServices();
  useSignal(tries.changed);
  const answer = useAnswer(`${one.name}@${one.version}`, () => tries.form());
  const form = answer.value ?? null;
  const failure = answer.error?.message ?? '';
  const [given, setGiven] = React.useState<Given | null>(tries.current?.given ?? null);
  const [faults, setFaults] = React.useState(0);
  const [raw, setRaw] = React.useState<string | null>(null);
  const [accept, setAccept] = React.useState('');
  const [hint, setHint] = React.useState('');
  const args = given ?? (form ? initial(form) : {});
  const byHand = raw ?? (failure ? '{}' : null);
  const values = byHand === null ? valuesOf(args) : readArguments(byHand);
  const written = values && { ...values, ...filesOf(args) };
  const call = async (): Promise<void> => {
    if (written === null || tries.running) {
      return;
    }
    if (byHand === null && faults) {
      setHint(trans.__('Not every field fits yet: see what is said below it.'));
      return;
    }
    setHint('');
    setGiven(written);
    await tries.run(written, accept || acceptFor(one));
    done();
  };
  return (
    <div className="jp-faas-try">
      {/* No form element: the buttons of JupyterLab's form would submit it. */}
      <div
        role="form"
        className="jp-faas-try-form"
        aria-label={trans.__('Arguments')}
        onKeyDown={event => {
          if (event.key === 'Enter' && isTextInput(event.target)) {
            void call();
          }
        }}
      >
        <label className="jp-faas-raw">
          <input
            type="checkbox"
            checked={byHand !== null}
            disabled={failure !== ''}
            onChange={event => {
              setRaw(event.target.checked ? JSON.stringify(values, null, 2) : null);
              setGiven(written ?? args);
            }}
          />
          {trans.__('Write JSON')}
        </label>
        {failure ? <p className="jp-faas-hint">{failure}</p> : null}
        {byHand !== null ? (
          <RawArguments text={byHand} files={filesOf(args)} change={setRaw} />
        ) : form ? (
          <ArgumentForm
            form={form}
            given={args}
            change={(changed, wrong) => {
              setGiven(changed);
              setFaults(wrong);
            }}
          />
        ) : (
          <p className="jp-faas-hint">{trans.__('Loading the form …')}</p>
        )}
        <p className="jp-faas-error" role="status">
          {hint}
        </p>
        <Buttons
          ready={written !== null && (form !== null || failure !== '')}
          one={one}
          tries={tries}
          accept={accept}
          setAccept={setAccept}
          call={() => void call()}
          snippet={() => python(one, written ?? args)}
          tell={setHint}
        />
      </div>
      <section
        className="jp-faas-try-result"
        aria-label={trans.__('Result')}
        aria-live="polite"
      >
        {tries.current ? (
          <Result
            made={tries.current}
            running={tries.running}
            notebook={one.origin.notebook}
          />
        ) : null}
      </section>
      <TryHistory
        tries={tries.all.slice(1)}
        again={made => {
          setGiven(made.given);
          setRaw(raw === null ? null : JSON.stringify(valuesOf(made.given), null, 2));
        }}
      />
    </div>
  );
}

function Buttons(props: {
  ready: boolean;
  one: IFunction;
  tries: Tries;
  accept: string;
  setAccept: (accept: string) => void;
  call: () => void;
  snippet: () => string;
  tell: (hint: string) => void;
}): JSX.Element {
  const { trans, insertCell } = useServices();
  const { ready, one, tries } = props;
  const forms = formsOf(one);
  return (
    <div className="jp-faas-buttons">
      <button
        type="button"
        className="jp-mod-styled jp-mod-accept"
        disabled={!ready || tries.running}
        onClick={props.call}
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
        disabled={!ready}
        onClick={() =>
          props.tell(
            insertCell(props.snippet())
              ? ''
              : trans.__('No notebook is open to insert the call into. Open one first.')
          )
        }
      >
        {trans.__('Insert call into notebook')}
      </button>
      {forms.length > 1 ? (
        <label className="jp-faas-as">
          {trans.__('Result as')}
          <select
            value={props.accept}
            onChange={event => props.setAccept(event.target.value)}
          >
            <option value="">{trans.__('what shows best')}</option>
            {forms.map(form => (
              <option key={form} value={form}>
                {form}
              </option>
            ))}
          </select>
        </label>
      ) : null}
    </div>
  );
}

function Result(props: {
  made: ITry;
  running: boolean;
  notebook: string | null;
}): JSX.Element {
  const { trans } = useServices();
  const { made, running } = props;
  return (
    <>
      {made.outcome ? (
        <OutcomeView outcome={made.outcome} notebook={props.notebook} />
      ) : null}
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

function isTextInput(target: EventTarget): boolean {
  return target instanceof HTMLInputElement && target.type !== 'file';
}
