//! Where connectors, routes and guests meet: admission, call tasks, drain.
