"""From a notebook file to a bundle and its receipt."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from packaging.utils import canonicalize_name

from jupyter_faas.kernel.annotation import Annotation, check_name, parse_words
from jupyter_faas.kernel.capture import Capture, check_size
from jupyter_faas.kernel.doubts import network_warning
from jupyter_faas.kernel.environments import Declared, declared_in
from jupyter_faas.kernel.files import data_files, files_in, read_files
from jupyter_faas.kernel.localcode import LocalCode, NotCarriable, Source
from jupyter_faas.kernel.origins import Origin, Origins
from jupyter_faas.kernel.receipt import CapturedName, Receipt, caps_in_words, sized
from jupyter_faas.kernel.refusals import Refusal, capture_error
from jupyter_faas.kernel.requirements import Packages, parse_requirement, requirements_of
from jupyter_faas.kernel.sizes import image_estimate
from jupyter_faas.kernel.slice import Choices
from jupyter_faas.kernel.whole.imports import Needs, needs_of
from jupyter_faas.kernel.whole.parameters import HIDE_INPUT, Parameter, fault_error, schema_of, signature_of
from jupyter_faas.kernel.whole.source import WholeNotebook, read_notebook
from jupyter_faas.model import manifest as manifests
from jupyter_faas.model.bundle import Bundle, digest_of
from jupyter_faas.model.caps import MB, Caps
from jupyter_faas.model.errors import AnnotationError
from jupyter_faas.model.manifest import HANDLER_FILE, NOTEBOOK_FILE, Manifest
from jupyter_faas.model.manifest import Origin as PublishedFrom
from jupyter_faas.model.media import HTML, IPYNB, JSON, NDJSON, SSE
from jupyter_faas.model.typenames import MEDIA
from jupyter_faas.model.user import current_user

__all__ = ["DEFAULT_CAPS", "FORMS", "Proof", "annotation_of", "capture_notebook"]

ENTRY: Final = "run"
DEFAULT_CAPS: Final = Caps(
    timeout_seconds=300.0,
    init_timeout_seconds=120.0,
    memory_bytes=1000 * MB,
    pids=256,
    scratch_bytes=256 * MB,
)
"""A whole notebook is two processes, Jupyter's and the kernel's, with what both import; it computes longer
than a function does, and its kernel's libraries start threads."""

FORMS: Final = (JSON, HTML, IPYNB, SSE, NDJSON)
"""What a call of a whole notebook gives, the default first; streams tell how it goes on."""

_RUNS_IT: Final = ("nbclient", "nbconvert")
_INJECTS: Final = "papermill"
_KERNEL: Final = "ipykernel"


def annotation_of(notebook: WholeNotebook, words: Sequence[str]) -> Annotation:
    """The options in the notebook's metadata, and in ``words``, which win. Raises ``AnnotationError``."""
    own_name, own = _named(notebook.words())
    name, rest = _named(words)
    annotation = parse_words([*(name or own_name), *own, *rest], DEFAULT_CAPS)
    refused = {
        "--entry": annotation.entry,
        "--input": annotation.inputs,
        "--output": annotation.outputs,
        "--check": annotation.checks,
        "--freeze, --recompute, --value-size and --values-total": annotation.choices != Choices(),
    }
    for option, given in refused.items():
        if given:
            raise AnnotationError(
                f"{option}: this is for functions in cells. A whole notebook is run as it stands, with the "
                "values of the cell tagged `parameters`: leave it out."
            )
    return annotation


def capture_notebook(path: Path, words: Sequence[str], proof: Proof | None = None) -> Capture:
    """The notebook at ``path`` as a function, with the options ``words``.

    Raises ``AnnotationError`` for options or a file that make no sense, ``CaptureError`` naming what can't be
    carried.
    """
    notebook = read_notebook(path)
    annotation = annotation_of(notebook, words)
    return _Capturer(notebook, annotation, proof or Proof()).capture()


@dataclass(frozen=True)
class Proof:
    """How the notebook is proven before it goes live: run once with ``values`` (and defaults), or not run."""

    run: bool = True
    values: Mapping[str, Any] | None = None


class _Capturer:
    def __init__(self, notebook: WholeNotebook, annotation: Annotation, proof: Proof) -> None:
        self._notebook = notebook
        self._annotation = annotation
        self._proof = proof
        self._folder = notebook.path.resolve().parent
        self._origins = Origins()
        self._modules: dict[str, Origin] = {}
        self._why: dict[str, str] = {}
        self._sources: dict[str, Source] = {}
        self._local = LocalCode()
        self._refusals: list[Refusal] = []

    def capture(self) -> Capture:
        notebook, annotation = self._notebook, self._annotation
        number, parameters = notebook.parameters()
        try:
            schema = schema_of(parameters)
        except ValueError as error:
            raise fault_error(number or 0, error.args[0]) from error
        needs = needs_of(list(notebook.code())) if notebook.is_python else Needs()
        packages = self._packages(needs, bool(parameters))
        data = data_files(annotation.files, self._folder)
        proof, proof_words = self._proven(parameters)
        manifest = Manifest(
            name=annotation.name or _name_of(notebook.path),
            entry=ENTRY,
            python=f"{sys.version_info.major}.{sys.version_info.minor}",
            requirements=tuple(package.requirement for package in packages.direct),
            constraints=packages.constraints,
            wheels={member: digest_of(content) for member, content in packages.wheels.items()},
            apt=annotation.apt,
            environment=tuple(sorted(annotation.environment)),
            caps=annotation.caps,
            public=annotation.public,
            recording=annotation.recording,
            doc=notebook.doc,
            proof=proof,
            input_schema=schema,
            output_schema={MEDIA: list(FORMS)},
            origin=PublishedFrom(notebook=notebook.path.name, author=current_user()),
            files=tuple(sorted(data)),
            notebook=manifests.Notebook(
                file=NOTEBOOK_FILE, kernel=notebook.kernel, language=notebook.language
            ),
        )
        content = {
            HANDLER_FILE: _handler(parameters, self._early(needs)).encode(),
            NOTEBOOK_FILE: notebook.content(),
        }
        content |= read_files(data) | {one.path: one.content for one in self._sources.values()}
        bundle = Bundle(manifest, {**content, **packages.wheels})
        check_size(bundle)
        return Capture(bundle, self._receipt(bundle, packages, parameters, number, needs, proof_words))

    def _early(self, needs: Needs) -> list[str]:
        """What a kernel imports while it waits for its call: of packages only, not of the author's files."""
        tops = {module.partition(".")[0] for module in self._modules}
        return [module for module in needs.always if module.partition(".")[0] in tops]

    def _packages(self, needs: Needs, injects: bool) -> Packages:
        for module, why in needs.modules.items():
            self._need(self._origins.of(module), why, module in needs.guarded, needs)
        if self._refusals:
            raise capture_error(self._notebook.path.name, self._refusals)
        own = [*_RUNS_IT, *([_INJECTS] if injects else []), *([_KERNEL] if self._notebook.is_python else [])]
        absent = []
        for module in own:
            origin = self._origins.of(module)
            if origin.kind == "installed":
                self._modules.setdefault(module, origin)
                self._why.setdefault(module, "runs the notebook")
            else:
                absent.append(module)
        required = [*self._annotation.requirements, *needs.requirements, *absent]
        return requirements_of(self._modules, self._why, required, self._declared(), self._notebook.path.name)

    def _need(self, origin: Origin, why: str, guarded: bool, needs: Needs) -> None:
        if origin.module in self._modules or origin.kind in ("stdlib", "notebook"):
            return
        if origin.kind == "installed":
            self._modules[origin.module], self._why[origin.module] = origin, why
        elif origin.kind == "missing":
            if not guarded and not self._is_required(origin.module, needs):
                reason = "it isn't installed here: install it, or name its package with --require"
                self._refusals.append(Refusal(origin.module, "module", reason, why))
        else:
            self._carry(origin, why, needs)

    def _carry(self, origin: Origin, why: str, needs: Needs) -> None:
        try:
            sources = self._local.carry(origin)
        except NotCarriable as error:
            self._refusals.append(Refusal(origin.module, "module", str(error), why))
            return
        for source in sources:
            self._sources[source.path] = source
            for module in source.imports:
                self._need(self._origins.of(module), f"import in {source.module}", True, needs)

    def _is_required(self, module: str, needs: Needs) -> bool:
        """Whether a requirement of the module's own name stands for it."""
        texts = [*self._annotation.requirements, *needs.requirements]
        names = {canonicalize_name(parse_requirement(text).name) for text in texts}
        return (
            self._annotation.requirements_file is not None
            or canonicalize_name(module.partition(".")[0]) in names
        )

    def _declared(self) -> Declared | None:
        if self._annotation.requirements_file is None:
            return None
        cells = reversed([cell.source for cell in self._notebook.code()])
        return declared_in(self._annotation.requirements_file, [self._folder, Path.cwd()], cells)

    def _proven(self, parameters: Sequence[Parameter]) -> tuple[str, str]:
        """The example that runs it, and what the receipt says of that."""
        values = dict(self._proof.values or {})
        unknown = [name for name in values if name not in {one.name for one in parameters}]
        if unknown:
            there = ", ".join(one.name for one in parameters) or "none"
            raise AnnotationError(f"--param {unknown[0]}: the notebook's parameters are: {there}.")
        if not self._proof.run:
            return "", "the notebook is not run before it goes live; its kernel is started (--no-execute)"
        missing = [one.name for one in parameters if one.required and one.name not in values]
        if missing:
            return "", (
                f"the notebook is not run before it goes live, for {', '.join(missing)} has no default: "
                f"--param {missing[0]}=VALUE gives one for that run"
            )
        return f">>> {ENTRY}.prove({values!r})\n", "the notebook is run once in the image before it goes live"

    def _receipt(
        self,
        bundle: Bundle,
        packages: Packages,
        parameters: Sequence[Parameter],
        number: int | None,
        needs: Needs,
        proof: str,
    ) -> Receipt:
        notebook, manifest = self._notebook, bundle.manifest
        where = f"{notebook.cell_count} cells, kernel {notebook.kernel} ({notebook.language})"
        names = [CapturedName(notebook.path.name, "notebook", where)]
        for one in parameters:
            described = f"cell {number}, line {one.line}" + (f": {one.help}" if one.help else "")
            names.append(CapturedName(one.name, "parameter", described))
        if number is None:
            names.append(CapturedName("(none)", "parameter", "no cell is tagged `parameters`"))
        warnings = [*network_warning(self._modules, manifest.caps), *needs.warnings]
        warnings += [one.warning for one in packages.direct if one.warning is not None]
        warnings += [*packages.warnings, *files_in(needs.trees, self._folder, bundle.files)]
        return Receipt(
            function=manifest.name,
            signature=signature_of(manifest.name, parameters),
            names=tuple(names),
            packages=packages.direct,
            needs=packages.needs,
            python=manifest.python,
            environment=manifest.environment,
            caps=caps_in_words(manifest.caps),
            public=manifest.public,
            bundle_bytes=bundle.packed_bytes,
            examples=0,
            warnings=tuple(warnings),
            sources=tuple(sized(path, bundle) for path in sorted(self._sources)),
            files=tuple(sized(path, bundle) for path in manifest.files),
            image=image_estimate(packages, bundle),
            apt=manifest.apt,
            proof=proof,
        )


def _named(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The name at the head of the options, if there is one, and the rest."""
    count = int(bool(words) and not words[0].startswith("-"))
    return list(words[:count]), list(words[count:])


def _handler(parameters: Sequence[Parameter], early: Sequence[str]) -> str:
    """The handler: the types of the parameters, what is imported early, and the runtime's own function."""
    types = [*((one.name, one.type.written) for one in parameters), (HIDE_INPUT, "bool")]
    lines = "".join(f"        {name!r}: {written},\n" for name, written in types)
    modules = "".join(f"    {module!r},\n" for module in early)
    return (
        "import typing\n\nfrom faas_runtime.notebook.whole import Notebook\n\n"
        f"{ENTRY} = Notebook(\n    {{\n{lines}    }}\n)\n{ENTRY}.early = [\n{modules}]\n"
    )


def _name_of(path: Path) -> str:
    """A function's name made of the file's."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", path.stem).strip("-")
    return check_name(name if re.match(r"[A-Za-z_]", name) else f"_{name}")
