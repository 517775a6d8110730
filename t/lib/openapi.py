"""docs/openapi.yaml: what it says about an answer, and its examples.

Stack.get() compares every answer that a test gets.  Here objects must have no
properties, and responses no header fields, that the document lacks: clients
should ignore these, but whoever adds one should document it.
"""

import json
import re
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

FILE = Path(__file__).resolve().parents[2] / 'docs/openapi.yaml'
# of HTTP itself, and what the media types of `content` are compared with
PLAIN = {'server', 'date', 'connection', 'content-type', 'content-length',
         'transfer-encoding', 'keep-alive'}


@dataclass
class Example:
    """A request, and the statuses of the responses with such an example."""

    operation: str
    name: str
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    statuses: set[int] = field(default_factory=set)


class OpenApi:
    def __init__(self) -> None:
        loader = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
        self.document = yaml.load(FILE.read_text(), loader)
        for schema in self.document['components']['schemas'].values():
            close(schema)

    def wrong(self, method: str, path: str, status: int, headers: Any,
              body: bytes) -> list[str]:
        """What the document does not allow; a path of others is right."""

        path = path.partition('?')[0]
        for template, item in self.document['paths'].items():
            pattern = re.sub(r'\\{\w+\\}', '[^/]+', re.escape(template))
            if re.fullmatch(pattern, path):
                return [f'{method} {path} {status}: {each}'
                        for each in self._wrong(item, method, status, headers,
                                                body)]
        return []

    def _wrong(self, item: Any, method: str, status: int, headers: Any,
               body: bytes) -> Iterator[str]:
        # the description has other methods under GET, as 405
        operation = item.get(method.lower(), item['get'])
        responses = operation['responses']
        response = self.at(responses.get(str(status))
                           or responses.get(f'{status // 100}XX'))
        if not response:
            yield 'no such status'
            return

        described = {name.lower(): self.at(header) for name, header
                     in response.get('headers', {}).items()}
        for name, header in described.items():
            value = headers[name]
            if value is None:
                if header.get('required'):
                    yield f'no header {name}'
                continue
            schema = self.at(header['schema'])
            if schema.get('type') == 'integer' \
               or isinstance(schema.get('const'), int):
                value = int(value)
            yield from (f'header {name}: {each}'
                        for each in self.errors(schema, value))
        for name in {name.lower() for name in headers} - PLAIN:
            if name not in described:
                yield f'another header: {name}'

        content = response.get('content', {})
        if not content:
            if body:
                yield 'a body'
            return
        kind = headers['Content-Type']
        if kind not in content:
            yield f'another type: {kind}'
        elif method != 'HEAD' and 'schema' in content[kind]:
            value = json.loads(body) if kind.endswith('json') \
                else body.decode()
            yield from self.errors(content[kind]['schema'], value)

    def errors(self, schema: Any, value: Any) -> list[str]:
        # with the components, which it refers to
        whole = {**schema, 'components': self.document['components']}
        return [f'{each.json_path} {each.message[:200]}'
                for each in Draft202012Validator(whole).iter_errors(value)]

    def at(self, node: Any) -> Any:
        """Follows a reference."""

        while node and '$ref' in node and node['$ref'].startswith('#/'):
            found: Any = self.document
            for part in node['$ref'][2:].split('/'):
                found = found[part]
            node = found
        return node

    # Examples of one name belong together.

    def examples(self) -> Iterator[Example]:
        for template, item in self.document['paths'].items():
            for method in ('get', 'head', 'options'):
                if method in item:
                    yield from self._examples(template, item, method)

    def _examples(self, template: str, item: Any,
                  method: str) -> Iterator[Example]:
        operation = item[method]
        parameters = [self.at(each) for each in item.get('parameters', [])
                      + operation.get('parameters', [])]
        found: dict[str, set[int]] = {}
        for status, response in operation['responses'].items():
            for name in self._named(self.at(response)):
                found.setdefault(name, set()).add(int(status))

        for name, statuses in found.items():
            path, query, headers = template, {}, {}
            for each in parameters:
                examples = each.get('examples', {})
                if name not in examples and each['in'] != 'path':
                    continue
                value = examples.get(name, examples.get('audio'))['value']
                if each['in'] == 'path':
                    path = path.replace(f'{{{each["name"]}}}', value)
                elif each['in'] == 'query':
                    query[each['name']] = value
                else:
                    headers[each['name']] = value
            if query:
                path += '?' + urllib.parse.urlencode(query)
            yield Example(operation['operationId'], name, method.upper(), path,
                          headers, statuses)

    def _named(self, response: Any) -> list[str]:
        return [name for each in (*response.get('headers', {}).values(),
                                  *response.get('content', {}).values())
                for name in self.at(each).get('examples', {})]

    def all_named(self) -> set[str]:
        """The name of each example there is."""

        found: set[str] = set()
        todo: list[Any] = [self.document]
        while todo:
            node = todo.pop()
            if isinstance(node, dict):
                examples = node.get('examples')
                if isinstance(examples, dict):
                    found |= examples.keys()
                todo += node.values()
            elif isinstance(node, list):
                todo += node
        return found


def close(schema: Any) -> None:
    """Other properties than the described ones become errors."""

    if isinstance(schema, dict):
        if 'properties' in schema:
            schema.setdefault('additionalProperties', False)
        for each in schema.values():
            close(each)
