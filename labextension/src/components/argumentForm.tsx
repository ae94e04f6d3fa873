/**
 * The form for a function's arguments.
 */
import { FormComponent } from '@jupyterlab/ui-components';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { RegistryFieldsType, UiSchema } from '@rjsf/utils';
import { customizeValidator } from '@rjsf/validator-ajv8';
import React from 'react';

import type { IForm } from '../api/types';
import { useServices } from '../context';
import { drawn, FILE_FIELD, isEmpty, JSON_FIELD } from '../models/argumentForm';
import type { Given } from '../models/given';
import { FileField, JsonField } from './fileField';

/** Checks what is typed in before it is sent. */
const validator = customizeValidator<ReadonlyJSONObject>();

const FIELDS = { [FILE_FIELD]: FileField, [JSON_FIELD]: JsonField };

interface IFormProps {
  readonly form: IForm;
  readonly given: Given;
  /** Told of each change, with how many fields don't fit. */
  readonly change: (given: Given, faults: number) => void;
}

/** A field for each parameter. */
export function ArgumentForm({ form, given, change }: IFormProps): JSX.Element {
  const { trans } = useServices();
  const { schema, uiSchema } = React.useMemo(() => drawn(form), [form]);
  const ref = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    if (ref.current) {
      nameFields(ref.current);
    }
  });
  if (isEmpty(schema)) {
    return (
      <p className="jp-faas-hint">{trans.__('This function takes no arguments.')}</p>
    );
  }
  return (
    <div ref={ref} className="jp-faas-form">
      <FormComponent
        tagName="div"
        schema={schema}
        uiSchema={uiSchema as UiSchema<ReadonlyJSONObject>}
        formData={given as ReadonlyJSONObject}
        fields={FIELDS as unknown as RegistryFieldsType<ReadonlyJSONObject>}
        validator={validator}
        showErrorList={false}
        liveValidate
        compact
        onChange={event => change(event.formData as Given, event.errors.length)}
      />
    </div>
  );
}

/** JupyterLab's form shows a field's name beside it, and doesn't tell screen readers. */
function nameFields(form: HTMLElement): void {
  for (const field of form.querySelectorAll('input, select, textarea')) {
    const name = field.id.replace(/^root_/, '').replaceAll('_', ' ');
    if (name && !field.hasAttribute('aria-label') && field.closest('label') === null) {
      field.setAttribute('aria-label', name);
    }
  }
}
