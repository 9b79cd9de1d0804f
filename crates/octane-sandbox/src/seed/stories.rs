//! The texts of the sample data.

/// Module, feature and its stories; features have the keys SHOP-11 and up, stories SHOP-101 and up.
pub(super) const FEATURES: &[(&str, &str, &[&str])] = &[
    (
        "Catalogue",
        "Find a product",
        &[
            "Search by product name",
            "Search tolerates typing mistakes",
            "Filter by price range",
            "Filter by size and colour",
            "Sort by customer rating",
            "Show products that are out of stock last",
            "Remember the last searches",
            "Suggest products while typing",
            "Compare up to four products",
            "Share a product as a link",
        ],
    ),
    (
        "Cart",
        "Fill the cart",
        &[
            "Add a product to the cart",
            "Change the quantity in the cart",
            "Remove a product from the cart",
            "Keep the cart of a guest for 30 days",
            "Merge the guest's cart at sign-in",
            "Show tax and shipping in the cart",
            "Apply a voucher",
            "Refuse an expired voucher",
            "Limit the quantity to what is in stock",
            "Save a product for later",
        ],
    ),
    (
        "Checkout",
        "Check out",
        &[
            "Check out as a guest",
            "Check out with a saved address",
            "Validate the postal code",
            "Ship to another country",
            "Show the delivery date",
            "Review the order before paying",
            "Confirm the order by e-mail",
            "Go back without losing what was typed",
            "Withdraw the order within an hour",
            "Collect the order in a store",
        ],
    ),
    (
        "Account",
        "Look after the account",
        &[
            "Register with an e-mail address",
            "Confirm the e-mail address",
            "Reset a forgotten password",
            "Change the e-mail address",
            "Keep several addresses",
            "Show past orders",
            "Order again with one click",
            "Download an invoice",
            "Choose which news to get",
            "Delete the account",
        ],
    ),
];

/// Stories with the keys PAY-1 and up.
pub(super) const PAYMENTS: &[&str] = &[
    "Pay by credit card",
    "Pay by debit card",
    "Pay by bank transfer",
    "Pay by invoice",
    "Pay in instalments",
    "Pay with a gift card",
    "Split a payment over two cards",
    "Save a card for later",
    "Remove a saved card",
    "Ask for a second factor when the bank wants one",
    "Say why the bank refused",
    "Try again with another card",
    "Cancel a payment that hangs",
    "Pay back after a return",
    "Pay back a part of the order",
    "Show prices in the visitor's currency",
    "Round amounts as the currency wants it",
    "Write a receipt for each payment",
    "Report suspicious payments",
    "Close the books at midnight",
];

/// Defects with the keys SHOP-201 and up.
pub(super) const DEFECTS: &[&str] = &[
    "Search for \"50 % off\" finds nothing",
    "Price filter forgets its lower end",
    "Umlauts in product names sort last",
    "Cart shows the old price after a sale ends",
    "Two vouchers can be used at once",
    "Quantity 0 stays in the cart",
    "Postal code of Gibraltar is refused",
    "Order confirmation is sent twice",
    "Back button empties the address form",
    "Past orders show the wrong time zone",
];
