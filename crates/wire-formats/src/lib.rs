#![doc = include_str!("../README.md")]

pub mod base64;
pub mod byte_order_mark;
pub mod json;
pub mod timestamp;
