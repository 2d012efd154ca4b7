"""CloudFormation templates for an AWS break-glass role that alerts in every region."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cfn_breakglass.config.loader import config_of, load_config
    from cfn_breakglass.config.model import Config
    from cfn_breakglass.errors import BreakglassError, ConfigError
    from cfn_breakglass.generation.generate import output_files, template_files
    from cfn_breakglass.library import (
        action_log,
        break_glass_deployer,
        break_glass_role,
        encryption_key,
        login_alert,
        watch_role,
    )
    from cfn_breakglass.templates import main_region, stackset

__version__ = "0.1.0"

__all__ = [
    "BreakglassError",
    "Config",
    "ConfigError",
    "action_log",
    "break_glass_deployer",
    "break_glass_role",
    "config_of",
    "encryption_key",
    "load_config",
    "login_alert",
    "main_region",
    "output_files",
    "stackset",
    "template_files",
    "watch_role",
]

_MODULES = {
    "BreakglassError": "errors",
    "Config": "config.model",
    "ConfigError": "errors",
    "action_log": "library",
    "break_glass_deployer": "library",
    "break_glass_role": "library",
    "config_of": "config.loader",
    "encryption_key": "library",
    "load_config": "config.loader",
    "login_alert": "library",
    "main_region": "templates",
    "output_files": "generation.generate",
    "stackset": "templates",
    "template_files": "generation.generate",
    "watch_role": "library",
}


def __getattr__(name: str) -> Any:
    # A command imports this package and must not pay for troposphere when it does not build anything.
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
