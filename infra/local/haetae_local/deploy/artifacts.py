"""Builds template.yaml into artifacts that never change again, each named by its content."""

import fcntl
import hashlib
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from haetae_local.deploy.sam import run_sam
from haetae_local.folders import ROOT

URI_KEYS = {"CodeUri", "ContentUri"}


def build(log: Path) -> Path:
    """Build all functions and layers; return a template whose artifacts never change again.

    Each folder becomes a zip that is named by its content. Left to itself the SAM CLI zips every
    folder anew at every deployment, which for the dependencies is most of the time of one.
    """
    folder = ROOT / ".aws-sam"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one build at a time: they share SAM's cache
        run_sam(["build", "--cached", "--parallel"], log, os.environ, "built")
        built = folder / "build/template.yaml"
        artifacts = folder / "artifacts"
        artifacts.mkdir(exist_ok=True)

        text = with_uris(
            built.read_text("utf-8"), lambda name: zip_folder(built.parent / name, artifacts)
        )
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        template = artifacts / f"template-{name}.yaml"
        template.write_text(text, "utf-8")
    return template


def with_uris(text: str, pack: Callable[[str], Path]) -> str:
    """Return a built template whose functions and layers point at what `pack` makes of a folder."""
    template: dict[str, Any] = yaml.load(text, TemplateLoader)  # noqa: S506 - a safe loader
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for key in URI_KEYS & properties.keys():
            properties[key] = str(pack(properties[key]))
    return yaml.safe_dump(template, sort_keys=False, allow_unicode=True)


class TemplateLoader(yaml.SafeLoader):
    """Reads CloudFormation's YAML; a short tag such as !Ref becomes its long form."""

    def intrinsic(self, suffix: str, node: yaml.Node) -> dict[str, Any]:
        """Return `!Ref x` as `{"Ref": x}` and `!GetAtt a.b` as `{"Fn::GetAtt": ["a", "b"]}`."""
        value: Any
        match node:
            case yaml.ScalarNode():
                value = self.construct_scalar(node)
            case yaml.SequenceNode():
                value = self.construct_sequence(node, deep=True)
            case yaml.MappingNode():
                value = self.construct_mapping(node, deep=True)
        if suffix == "GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


TemplateLoader.add_multi_constructor("!", TemplateLoader.intrinsic)


def zip_folder(folder: Path, artifacts: Path) -> Path:
    """Return the zip of a folder's files, made if there is none of this content yet."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in files:
        digest.update(str(path.relative_to(folder)).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    packed = artifacts / f"{folder.name}-{digest.hexdigest()[:16]}.zip"
    if not packed.exists():
        part = packed.with_suffix(".part")
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
            for path in files:
                out.write(path, path.relative_to(folder))
        part.replace(packed)
    return packed
