//! Living with the program: the config file, service managers, fstab, completions, manual pages, and
//! what packages bring.

mod completions;
mod config;
mod config_paths;
mod fresh_root;
mod fstab;
mod home;
mod namespaces;
mod packages;
mod service;
mod tarball;
