"""What LocalStack and the functions in it are started with."""

from pathlib import Path

from haetae_localstack.environment import function_environment, server_environment


def test_a_server_has_its_own_port_and_folders_and_nothing_of_the_callers(tmp_path: Path) -> None:
    environment = server_environment(4599, tmp_path, tmp_path / "python")
    assert environment["GATEWAY_LISTEN"] == "127.0.0.1:4599"
    assert environment["LOCALSTACK_HOST"] == "localhost:4599"
    assert environment["LAMBDA_PROCESS_PYTHON"] == str(tmp_path / "python")
    for name in ("HOME", "TMPDIR", "FILESYSTEM_ROOT"):
        assert Path(environment[name]).is_relative_to(tmp_path)
    assert not {name for name in environment if name.startswith("AWS_")}
    everywhere = server_environment(4599, tmp_path, tmp_path / "python", host="0.0.0.0")
    assert everywhere["GATEWAY_LISTEN"] == "0.0.0.0:4599"


def test_the_code_comes_first_then_the_layers_from_the_last_one(tmp_path: Path) -> None:
    first, second, code = tmp_path / "first", tmp_path / "second", tmp_path / "code"
    packages = second / "python/lib/python3.13/site-packages"
    for folder in (first / "python", packages, code):
        folder.mkdir(parents=True)
    environment = function_environment({}, code=code, layers=[first, second], home=tmp_path)
    expected = [code, packages, second / "python", first / "python"]
    assert environment["PYTHONPATH"] == ":".join(map(str, expected))


def test_a_layer_without_packages_is_not_on_the_path(tmp_path: Path) -> None:
    environment = function_environment({}, code=tmp_path, layers=[tmp_path / "x"], home=tmp_path)
    assert environment["PYTHONPATH"] == str(tmp_path)


def test_a_functions_own_variables_win_and_its_path_comes_last(tmp_path: Path) -> None:
    given = {"PYTHONPATH": "lib", "LANG": "C", "AWS_REGION": "ap-northeast-2"}
    environment = function_environment(given, code=tmp_path, layers=[], home=tmp_path)
    assert environment["PYTHONPATH"] == f"{tmp_path}:lib"
    assert environment["LANG"] == "C"
    assert environment["AWS_REGION"] == "ap-northeast-2"
    assert environment["AWS_EXECUTION_ENV"] == "AWS_Lambda_python3.13"
