#!/usr/bin/env bash
# Renders the Kubernetes manifests and validates each object, where the tools can be had.
set -euo pipefail
cd "$(dirname "$0")/.."
source tests/lib.sh

command -v kubectl >/dev/null 2>&1 || { echo "skipped: manifests (kubectl is missing)"; exit 0; }
rendered=$(mktemp -d)
trap 'rm -rf "$rendered"' EXIT
for kustomization in k8s/base k8s/overlays/*/; do
  kubectl kustomize "$kustomization" --output "$rendered"
done
venv kubernetes-validate setuptools || { echo "rendered; skipped: validation (kubernetes-validate cannot be had here)"; exit 0; }
for object in "$rendered"/*.yaml; do
  kubernetes-validate --strict --quiet "$object"
done
echo "manifests: $(ls "$rendered" | wc -l) objects are valid"

command -v npx >/dev/null 2>&1 || { echo "skipped: the compose file (npx is missing)"; exit 0; }
lint=$(npx --yes dclint@3.1.0 --quiet deploy/compose.yaml 2>&1) && { echo "compose file: valid"; exit 0; }
grep -q "✖" <<<"$lint" || { echo "skipped: the compose file (its linter cannot be had here)"; exit 0; }
echo "$lint" >&2
exit 1
