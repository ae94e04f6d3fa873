/**
 * A receipt, and the caps as fields.
 */
import React from 'react';

import { useServices } from '../context';
import { size } from '../format';
import { withOption } from '../models/annotation';
import type { IReceiptAnswer } from '../models/publishing';

interface IReceiptProps {
  readonly answer: IReceiptAnswer;
  readonly options: string;
  readonly change: (options: string) => void;
}

/** What a publish takes along, and what it may use. */
export function ReceiptView({ answer, options, change }: IReceiptProps): JSX.Element {
  const { trans } = useServices();
  const { receipt } = answer;
  const packages = receipt.packages.map(one => [one.requirement, one.why] as const);
  const names = receipt.names.map(
    one => [one.name, `${one.kind}, ${one.where}`] as const
  );
  const files = [...receipt.sources, ...receipt.files].map(file => [file, ''] as const);
  return (
    <div className="jp-faas-receipt">
      {receipt.warnings.map(warning => (
        <p key={warning} className="jp-faas-warning" role="note">
          {warning}
        </p>
      ))}
      <code className="jp-faas-signature">{receipt.signature}</code>
      <Part title={trans.__('Names')} rows={names} none="" />
      <Part
        title={trans.__('Packages')}
        rows={packages}
        none={trans.__('None: the standard library is enough.')}
      />
      {files.length ? <Part title={trans.__('Files')} rows={files} none="" /> : null}
      <p className="jp-faas-hint">
        {[
          `Python ${receipt.python}`,
          trans.__('bundle %1', size(receipt.bundle_bytes)),
          receipt.image,
          receipt.examples
            ? trans._n(
                '%1 example is run first',
                '%1 examples are run first',
                receipt.examples
              )
            : ''
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
      <Caps answer={answer} options={options} change={change} />
    </div>
  );
}

function Part(props: {
  title: string;
  rows: readonly (readonly [string, string])[];
  none: string;
}): JSX.Element {
  return (
    <section>
      <h3>{props.title}</h3>
      {props.rows.length ? (
        <dl>
          {props.rows.map(([name, what]) => (
            <React.Fragment key={`${name} ${what}`}>
              <dt>{name}</dt>
              <dd>{what}</dd>
            </React.Fragment>
          ))}
        </dl>
      ) : (
        <p>{props.none}</p>
      )}
    </section>
  );
}

function Caps({ answer, options, change }: IReceiptProps): JSX.Element {
  const { trans } = useServices();
  const { caps, receipt } = answer;
  const text = (option: string, label: string, value: string): JSX.Element => (
    <label>
      {label}
      <input
        type="text"
        defaultValue={value}
        aria-label={label}
        onChange={event =>
          change(withOption(options, option, event.target.value.trim() || null))
        }
      />
    </label>
  );
  return (
    <fieldset>
      <legend>{trans.__('Caps')}</legend>
      {text('--timeout', trans.__('Time'), `${caps.timeout_seconds}s`)}
      {text('--memory', trans.__('Memory'), `${caps.memory_bytes / 1e6}MB`)}
      <label>
        <input
          type="checkbox"
          defaultChecked={caps['network'] === 'egress'}
          onChange={event =>
            change(
              withOption(options, '--network', event.target.checked ? 'egress' : null)
            )
          }
        />
        {trans.__('May call other servers')}
      </label>
      <label>
        <input
          type="checkbox"
          defaultChecked={receipt.public}
          onChange={event =>
            change(withOption(options, '--public', event.target.checked ? '' : null))
          }
        />
        {trans.__('Callable without a token')}
      </label>
    </fieldset>
  );
}
