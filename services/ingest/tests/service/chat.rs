//! Chats as visitors' sides see them: real sockets and HTTP, hostile ones included.

mod client;
mod doors;
mod frames;
mod hello;
mod limits;
mod moving;
mod page;
mod talk;
